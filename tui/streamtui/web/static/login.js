"use strict";

const refusal = document.querySelector("#refusal");

async function logIn(token) {
  refusal.textContent = "";
  let answer;
  try {
    answer = await fetch("/login", { method: "POST", body: token });
  } catch {
    refusal.textContent = "The server does not answer.";
    return;
  }
  const text = await answer.text();
  if (answer.ok) {
    // the cookie is sent to every port of this host; this stays with the pages of this one
    localStorage.setItem("key", text);
    location.replace("/");
  } else refusal.textContent = text;
}

document.querySelector("#login").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = document.querySelector("#token");
  logIn(field.value.trim());
  field.value = "";
});

// a code that works once; what follows "#" is sent to no server, and is taken out of the address line
if (location.hash.length > 1) {
  const code = location.hash.slice(1);
  history.replaceState(null, "", "/");
  logIn(code);
}
