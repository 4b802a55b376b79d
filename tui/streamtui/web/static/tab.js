"use strict";

// Loaded before textual.js, which opens the WebSocket when everything has been loaded.

document.addEventListener("DOMContentLoaded", () => {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  document.querySelector("#terminal").dataset.sessionWebsocketUrl = `${scheme}://${location.host}/ws`;
  document.querySelector("#again").addEventListener("click", () => location.reload());
  document.querySelector("#log-out").addEventListener("click", async () => {
    await fetch("/logout", { method: "POST" });
    location.replace("/");
  });
});

// textual.js makes the terminal when everything has been loaded, and leaves the keys to whoever clicks
window.addEventListener("load", () => setTimeout(() => document.querySelector("#terminal textarea").focus()));

// textual.js says only that it has been closed; the server says why
window.WebSocket = class extends WebSocket {
  constructor(url) {
    super(url);
    this.addEventListener("close", (event) => {
      if (event.reason) document.querySelector("#reason").textContent = event.reason;
    });
  }
};

// an address on the screen may be part of the name of a stranger's token
window.open = () => null;
