"use strict";

// Loaded before textual.js, which opens the WebSocket when everything has been loaded.

async function logOut() {
  localStorage.removeItem("key");
  await fetch("/logout", { method: "POST" });
  location.replace("/");
}

const key = localStorage.getItem("key");

document.addEventListener("DOMContentLoaded", () => {
  if (!key) logOut();
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  document.querySelector("#terminal").dataset.sessionWebsocketUrl = `${scheme}://${location.host}/ws`;
  document.querySelector("#again").addEventListener("click", () => location.reload());
  document.querySelector("#log-out").addEventListener("click", logOut);
});

// textual.js makes the terminal when everything has been loaded, and leaves the keys to whoever clicks
window.addEventListener("load", () => setTimeout(() => document.querySelector("#terminal textarea").focus()));

// textual.js says only that it has been closed; the server says why
window.WebSocket = class extends WebSocket {
  constructor(url) {
    super(url, ["streamtui.tab", key || "none"]);
    this.addEventListener("close", (event) => {
      if (event.reason) document.querySelector("#reason").textContent = event.reason;
    });
  }
};

// an address on the screen may be part of the name of a stranger's token
window.open = () => null;
