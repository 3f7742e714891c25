"use strict";
const at = (id) => document.getElementById(id);
const [query, kind, status, owner] = ["q", "kind", "status", "owner"].map(at);
const events = [...document.querySelectorAll(".event")].map((element) => ({
  element,
  text: [...element.querySelectorAll(".s")].map((s) => s.textContent).join(" ").toLowerCase(),
}));

function search() {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const { element, text } of events) {
    const fits = words.every((word) => text.includes(word))
      && [["kind", kind], ["status", status], ["owner", owner]].every(
        ([key, chosen]) => !chosen.value || element.dataset[key] === chosen.value);
    if (element.hidden === fits) element.hidden = !fits;
    shown += fits;
  }
  at("count").textContent = shown === events.length ? `${shown} events` : `${shown} of ${events.length}`;
  at("none").hidden = shown > 0;
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

// `#q=words` is a search that can be sent to others; `#event-name` opens that event.
function follow() {
  const hash = location.hash.slice(1);
  if (hash.startsWith("q=")) {
    query.value = decoded(hash.slice(2));
  } else if (hash) {
    const target = at(decoded(hash));
    if (target && target.classList.contains("event")) {
      for (const field of [query, kind, status, owner]) field.value = "";
      target.open = true;
      search();
      target.scrollIntoView();
      return;
    }
  }
  search();
}

query.addEventListener("input", () => {
  const words = query.value.trim();
  history.replaceState(null, "", words ? `#q=${encodeURIComponent(words)}` : "#");
  search();
});
for (const field of [kind, status, owner]) field.addEventListener("change", search);
addEventListener("hashchange", follow);
addEventListener("keydown", (press) => {
  if (press.key === "/" && !/INPUT|SELECT/.test(document.activeElement.tagName)) {
    press.preventDefault();
    query.focus();
  }
});
query.addEventListener("keydown", (press) => {
  const first = events.find(({ element }) => !element.hidden);
  if (press.key === "Enter" && first) {
    first.element.open = true;
    first.element.querySelector("summary").focus();
  }
});
let closed = [];
addEventListener("beforeprint", () => {
  closed = events.filter(({ element }) => !element.open && !element.hidden);
  for (const { element } of closed) element.open = true;
});
addEventListener("afterprint", () => {
  for (const { element } of closed) element.open = false;
});
follow();
