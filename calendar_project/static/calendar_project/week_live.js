// A page of the calendar that follows what others change. It asks a cheap address every few seconds; when that has
// changed, it fetches its own address again and puts what differs into place, so that focus, scroll, what is unfolded
// and what is typed stay. Nothing else knows of it: without it the page is as it was when it was opened.
"use strict";

(() => {
  const live = document.getElementById("live");
  if (!live) return;

  const EVERY = 5_000;
  const PROGRESS_EVERY = 10_000; // a running send alone
  const LONGEST = 120_000; // between two questions, while they fail
  const PATIENCE = 15_000; // for one answer
  const FRESH = 6_000; // how long a changed send is marked
  // Whoever is in the middle of something is left in peace: a dialogue, a form that is unfolded, a drag.
  const BUSY = "dialog[open], .asks[open], .dragging, [data-live-wait]";
  // What a person or another script has set, and the server does not know.
  const THEIRS = /^(open|tabindex|draggable|data-.*|aria-grabbed)$/;

  let tag = live.dataset.tag;
  let shownAt = Date.now();
  let failures = 0;
  let timer = 0;
  let asking = false;
  let dragging = false;
  let over = false;

  // --- When to ask ----------------------------------------------------------------------------------------------
  function later(milliseconds) {
    clearTimeout(timer);
    const spread = 0.85 + Math.random() * 0.3; // so that pages opened together do not ask together
    if (!over && !document.hidden && navigator.onLine) timer = setTimeout(look, milliseconds * spread);
  }

  async function look() {
    if (asking || over) return;
    asking = true;
    try {
      await ask();
      if (failures > 2) say("");
      failures = 0;
    } catch {
      failures += 1;
      if (failures === 3) say("No connection: this page may be out of date. It goes on by itself.", true);
    }
    asking = false;
    later(Math.min(EVERY * 2 ** failures, LONGEST));
  }

  async function get(address, headers) {
    const answer = await fetch(address, {
      headers, cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(PATIENCE),
    });
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) signedOut();
    else if (answer.status !== 304 && !answer.ok) throw new Error(String(answer.status));
    return over ? null : answer;
  }

  async function ask() {
    const answer = await get(live.dataset.address, { "If-None-Match": `"${tag}"` });
    if (!answer || answer.status === 304) return;
    const now = (await answer.text()).trim();
    const planned = now.split(".")[0] !== tag.split(".")[0];
    if (now === tag || (!planned && Date.now() - shownAt < PROGRESS_EVERY)) return;
    if (isBusy()) {
      if (planned) say("Others have changed the plan. It is shown when you are done here.");
      return;
    }
    await show(planned);
  }

  function isBusy() {
    const typing = document.activeElement?.matches("form[method=post] :is(input, select, textarea)");
    return dragging || typing || document.querySelector(BUSY) !== null;
  }

  // --- What to show ---------------------------------------------------------------------------------------------
  async function show(planned) {
    const answer = await get(live.dataset.page || location.href, { "X-Live": "1" });
    if (!answer) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const told = page.getElementById("live");
    if (!told || isBusy()) return;
    const before = faces(document);
    const changed = put(page);
    // “This week” is another one after Sunday.
    live.dataset.address = told.dataset.address;
    tag = told.dataset.tag;
    shownAt = Date.now();
    if (!changed) return;
    if (planned) mark(before);
    document.dispatchEvent(new CustomEvent("calendar:updated"));
  }

  function put(page) {
    const focused = document.activeElement;
    const way = wayTo(focused);
    let changed = false;
    for (const selector of live.dataset.parts.split(",")) {
      const [from, to] = [document.querySelector(selector), page.querySelector(selector)];
      if (from && to) changed = morph(from, to) || changed;
    }
    if (document.activeElement !== focused) (focused.isConnected ? focused : way())?.focus({ preventScroll: true });
    return changed;
  }

  // The element again, where it was replaced: by its id, or by its place in the nearest thing that has one.
  function wayTo(element) {
    const near = element?.closest("[id]");
    if (!near) return () => null;
    const at = [...near.querySelectorAll("a, button, summary")].indexOf(element);
    return () => {
      const again = document.getElementById(near.id);
      return at < 0 ? again : again?.querySelectorAll("a, button, summary")[at];
    };
  }

  // --- Putting one tree into another ----------------------------------------------------------------------------
  function morph(from, to) {
    if (from === live || from.isEqualNode(to)) return false;
    if (from.nodeType !== Node.ELEMENT_NODE) {
      from.data = to.data;
      return true;
    }
    if (from.matches("dialog, iframe, select, textarea, [data-live-keep], input:not([type=hidden])")) return false;
    if (from.name === "csrfmiddlewaretoken") return false; // masked anew in every page, and as good as ever
    const attributes = copyAttributes(from, to);
    return morphChildren(from, to) || attributes;
  }

  function copyAttributes(from, to) {
    let changed = false;
    for (const { name } of [...from.attributes]) {
      if (!to.hasAttribute(name) && !THEIRS.test(name)) {
        from.removeAttribute(name);
        changed = true;
      }
    }
    for (const { name, value } of to.attributes) {
      if (name !== "open" && from.getAttribute(name) !== value) {
        from.setAttribute(name, value);
        changed = true;
      }
    }
    return changed;
  }

  function morphChildren(from, to) {
    const wanted = new Set([...to.children].map((child) => child.id).filter(Boolean));
    const own = new Map([...from.children].filter((child) => child.id).map((child) => [child.id, child]));
    let changed = false;
    let at = from.firstChild;
    const drop = () => {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
      changed = true;
    };
    for (const next of [...to.childNodes]) {
      while (at?.id && !wanted.has(at.id)) drop();
      let same = next.id ? own.get(next.id) : at;
      if (!same || same.nodeName !== next.nodeName || (!next.id && same.id)) same = null;
      if (same && same === at) {
        at = at.nextSibling;
      } else {
        from.insertBefore(same ?? document.importNode(next, true), at);
        changed = true;
      }
      if (same) changed = morph(same, next) || changed;
    }
    while (at) drop();
    return changed;
  }

  // --- Telling of it --------------------------------------------------------------------------------------------
  // What each send says, but for how far it has come.
  function faces(root) {
    return new Map([...root.querySelectorAll("[id^=send-]")].map((card) => [card.id, face(card)]));
  }

  function face(card) {
    const copy = card.cloneNode(true);
    copy.querySelectorAll(".card__progress").forEach((progress) => progress.remove());
    return `${copy.querySelector("time")?.dateTime} ${copy.textContent.replace(/\s+/g, " ")}`;
  }

  function mark(before) {
    const changed = [...document.querySelectorAll("[id^=send-]")].filter((card) => before.get(card.id) !== face(card));
    const names = [...new Set(changed.map((card) => card.querySelector("h4, h3, a, th")?.textContent.trim()))];
    for (const card of changed) {
      card.dataset.fresh = "";
      setTimeout(() => delete card.dataset.fresh, FRESH);
    }
    const listed = names.filter(Boolean).slice(0, 3).join(", ");
    const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
    say(listed ? `Changed by somebody else: ${listed}${more}.` : "The calendar has changed.");
  }

  function say(sentence, seen = false) {
    if (live.textContent === sentence) return;
    live.textContent = sentence;
    live.classList.toggle("unseen", !seen);
  }

  function signedOut() {
    over = true;
    say("You are signed out: this page follows no changes any more. ", true);
    const link = document.createElement("a");
    link.href = `${live.dataset.signIn}?next=${encodeURIComponent(location.pathname + location.search)}`;
    link.textContent = "Sign in again";
    live.append(link);
  }

  // --- What happens around it -----------------------------------------------------------------------------------
  const stop = () => clearTimeout(timer);
  const goOn = () => (document.hidden || !navigator.onLine ? stop() : later(300));
  document.addEventListener("visibilitychange", goOn);
  window.addEventListener("online", goOn);
  window.addEventListener("offline", stop);
  window.addEventListener("pageshow", (event) => event.persisted && goOn());
  document.addEventListener("dragstart", () => (dragging = true));
  for (const name of ["dragend", "drop"]) document.addEventListener(name, () => (dragging = false));
  later(EVERY);
})();
