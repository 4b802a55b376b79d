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
  if (answer.ok) location.replace("/");
  else refusal.textContent = await answer.text();
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
