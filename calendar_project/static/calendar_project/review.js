// The review by keyboard: j and k (or the arrows, on an item) walk, a letter decides. Everything here works without.
"use strict";

const items = [...document.querySelectorAll(".item")];
const letters = { e: "keep", m: "move", x: "exclude", g: "merge", s: "stop", h: "hand_over" };

function current() {
  return document.activeElement.closest(".item");
}

function walk(step) {
  const here = items.indexOf(current());
  const next = items[here < 0 ? (step > 0 ? 0 : items.length - 1) : here + step];
  if (!next) return;
  next.closest("details")?.setAttribute("open", "");
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

// Where the form is open, a letter chooses; elsewhere it opens the form of the item with that chosen.
function decide(kind) {
  const item = current() ?? document.querySelector(".decide")?.closest(".item");
  const choice = item?.querySelector(`.decide input[value="${kind}"]`);
  const link = item?.querySelector("[data-decide]");
  if (choice) {
    choice.checked = true;
    choice.focus();
  } else if (link) {
    show(link, `&decision=${kind}`);
  }
}

// Without its fragment: browsers take the focus away from a field to where a fragment points.
function show(link, chosen = "") {
  location.assign(link.href.replace(/#.*/, chosen));
}

// The form for all the low findings of the section where the focus is, else of the first one that has any.
function keepLow() {
  const low = current()?.closest("section").querySelector("[data-keep-low]") ?? document.querySelector("[data-keep-low]");
  if (!low) return;
  low.open = true;
  low.querySelector("[name=reason]").focus();
}

function leave(event) {
  const low = event.target.closest("[data-keep-low]");
  if (!low) return document.querySelector("[data-back]")?.click();
  low.open = false;
  low.querySelector("summary").focus();
}

function isTyping(field) {
  return field.matches("textarea, select, input:not([type=radio])");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    leave(event);
    return;
  }
  if (isTyping(event.target)) return;
  const onItem = event.target.matches(".item");
  if (event.key === "j" || (onItem && event.key === "ArrowDown")) walk(1);
  else if (event.key === "k" || (onItem && event.key === "ArrowUp")) walk(-1);
  else if (event.key === "Enter" && onItem && event.target.querySelector("[data-decide]")) show(event.target.querySelector("[data-decide]"));
  else if (event.key === "l") keepLow();
  else if (letters[event.key]) decide(letters[event.key]);
  else return;
  event.preventDefault();
});

// After a decision the address names the item that comes next; a form that is open begins where it is filled in. What was
// refused is said at the top of the page, wherever the address leads to.
const form = document.querySelector(".decide");
const refused = document.querySelector(".notice--error");
if (refused && !form) {
  // It may stand at the address of a button, where there is nothing to reload.
  history.replaceState(null, "", document.querySelector("link[rel=canonical]").href);
  refused.tabIndex = -1;
  refused.focus();
} else if (form) {
  const first = form.querySelector("input[name=decision]:checked") ? visible(form) : form.querySelector("input[name=decision]");
  first?.focus();
} else if (location.hash.startsWith("#item-")) {
  document.querySelector(location.hash)?.focus();
}

function visible(within) {
  const fields = within.querySelectorAll(".asked :is(input, select, textarea)");
  return [...fields].find((field) => field.offsetParent !== null && !(field.type === "radio" && field.checked));
}
