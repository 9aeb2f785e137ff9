// The week by hand: a send is dragged to another day or moved with Alt and an arrow; arrows alone go from card to card.
// Every word that is said comes from the server: what a move does as a part of its page, the rest from the dialog.
(() => {
  "use strict";
  const find = (id) => document.getElementById(id);
  const dialog = find("move");
  if (!dialog) return;
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const PATIENCE = 30_000; // milliseconds
  let origin = null; // the card that the dialog is about
  let asked = 0; // of several questions under way the last one counts
  let committing = false;
  let dragged = null;

  const cardOf = (element) => element && element.closest && element.closest(".card");
  const handleOf = (card) => card && card.querySelector(".card__move");
  const momentOf = (card) => card.querySelector("time").dateTime;
  const linkOf = (card) => card.querySelector("a");
  const isSeen = (element) => element.getClientRects().length > 0;

  // Live regions are read when they change: emptied first, so that the same words are heard twice.
  const say = (text) => {
    const region = find(dialog.open ? "move-told" : "move-said");
    region.textContent = "";
    setTimeout(() => (region.textContent = text.replace(/\s+/g, " ").trim()), 60);
  };

  // By the clock on the wall, whatever the zone of this machine: reckoned as if it were UTC.
  const shifted = (moment, [days, hours]) => {
    const at = new Date(moment.slice(0, 16) + "Z");
    at.setUTCDate(at.getUTCDate() + days);
    at.setUTCHours(at.getUTCHours() + hours);
    return at.toISOString().slice(0, 16);
  };

  const trouble = (text) => {
    find("move-trouble").hidden = !text;
    find("move-trouble").textContent = text;
  };

  const open = () => {
    trouble("");
    if (dialog.open) return;
    find("move-body").replaceChildren(find("move-waiting").content.cloneNode(true));
    dialog.showModal();
  };

  const show = (html) => {
    open();
    find("move-body").innerHTML = html;
    (dialog.querySelector("[autofocus]") || find("move-title")).focus();
    const headline = dialog.querySelector("[data-headline]");
    if (headline) say(headline.textContent);
  };

  // Where a redirect ended is a page of its own: the sign-in, after a long lunch.
  const answered = async (response) => {
    if (response.redirected) return go(response.url);
    if (response.status === 204) return go(response.headers.get("Location"));
    const html = await response.text();
    if (!html.includes("move-title")) throw new Error(response.status);
    show(html);
  };

  const ask = async (address, options = {}) => {
    const mine = ++asked;
    open();
    try {
      const response = await fetch(address, {
        ...options,
        headers: { "X-Requested-With": "fetch" },
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (mine === asked) await answered(response);
    } catch (_) {
      if (mine === asked) trouble(dialog.dataset.offline);
    }
  };

  const go = (address) => {
    const to = new URL(address, location.href);
    if (to.pathname + to.search !== here()) return location.assign(to);
    history.scrollRestoration = "manual"; // to where the card is now, not to where it was
    history.replaceState(null, "", to);
    location.reload(); // a changed fragment alone would load nothing
  };

  const here = () => location.pathname + location.search;

  const propose = (card, moment = "") => {
    origin = card;
    const wanted = moment && { date: moment.slice(0, 10), time: moment.slice(11, 16) };
    ask(`${handleOf(card).href}?${new URLSearchParams({ ...wanted, back: here() })}`);
  };

  const submit = async (form) => {
    const values = new FormData(form);
    if (!values.get("back")) values.set("back", here());
    if (form.method === "get") return ask(`${form.action}?${new URLSearchParams(values)}`);
    if (committing) return;
    committing = true;
    await ask(form.action, { method: "POST", body: values });
    committing = false;
  };

  const proposed = () => {
    const [day, hour] = [find("move-date"), find("move-time")];
    return day && hour && day.value && hour.value ? `${day.value}T${hour.value}` : "";
  };

  const moveByKey = (event, step) => {
    const card = dialog.open ? origin : cardOf(document.activeElement);
    if (!handleOf(card) || event.target.matches("input")) return;
    const from = dialog.open ? proposed() : momentOf(card);
    if (!from) return;
    event.preventDefault();
    if (!committing) propose(card, shifted(from, step));
  };

  const neighbour = (card, [days, steps]) => {
    const columns = [...document.querySelectorAll("[data-day]")].map((day) =>
      [...day.querySelectorAll(".card")].filter(isSeen)
    );
    const at = columns.findIndex((cards) => cards.includes(card));
    if (at < 0) return null;
    if (steps) return columns[at][columns[at].indexOf(card) + steps];
    const height = (each) => Math.abs(each.getBoundingClientRect().top - card.getBoundingClientRect().top);
    for (let next = at + days; columns[next]; next += days) {
      if (columns[next].length) return columns[next].reduce((best, each) => (height(each) < height(best) ? each : best));
    }
    return null;
  };

  document.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.altKey) return moveByKey(event, step);
    const next = !dialog.open && cardOf(document.activeElement) && neighbour(cardOf(document.activeElement), step);
    if (!next) return;
    event.preventDefault();
    linkOf(next).focus();
  });

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const handle = event.target.closest(".card__move");
    if (handle) {
      event.preventDefault();
      propose(cardOf(handle));
    } else if (dialog.open && event.target.closest("[data-leave]")) {
      event.preventDefault();
      if (!committing) dialog.close();
    }
  });

  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".move__form")) return;
    event.preventDefault();
    submit(event.target);
  });

  // What was sent off cannot be left any more: wait and see.
  dialog.addEventListener("cancel", (event) => committing && event.preventDefault());
  dialog.addEventListener("close", () => {
    asked += 1; // an answer that is still on its way opens nothing
    if (origin) linkOf(origin).focus();
    say(dialog.dataset.left);
  });

  // A card is made draggable when the pointer comes to it: hundreds of them need nothing before.
  document.addEventListener("pointerover", (event) => {
    const card = cardOf(event.target);
    if (!card || card.draggable || !handleOf(card)) return;
    card.draggable = true;
    card.querySelectorAll("a").forEach((link) => (link.draggable = false));
  });

  const dayOf = (event) => event.target.closest && event.target.closest("[data-day]");
  const mark = (day) => {
    document.querySelectorAll(".day--over").forEach((each) => each !== day && each.classList.remove("day--over"));
    if (day) day.classList.add("day--over");
  };

  document.addEventListener("dragstart", (event) => {
    const card = cardOf(event.target);
    if (!card || !handleOf(card)) return;
    dragged = card;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", linkOf(card).textContent);
    card.classList.add("card--dragged");
  });
  document.addEventListener("dragover", (event) => {
    const day = dragged && dayOf(event);
    mark(day);
    if (day) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const [card, day] = [dragged, dragged && dayOf(event)];
    if (!day) return;
    event.preventDefault();
    // The card keeps its hour.
    if (day.dataset.day !== momentOf(card).slice(0, 10)) propose(card, day.dataset.day + momentOf(card).slice(10, 16));
  });
  document.addEventListener("dragend", () => {
    mark(null);
    if (dragged) dragged.classList.remove("card--dragged");
    dragged = null;
  });

  // After a move: what was done is said, and the card has the focus where it stands now. After the load, because the
  // browser takes the focus away when it goes to the fragment.
  const done = document.querySelector("[data-moved]");
  const settle = () => {
    const card = (origin = find(done.dataset.moved));
    for (let fold = card && card.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    if (card) linkOf(card).focus({ preventScroll: true });
    if (card) card.scrollIntoView({ block: "center" });
    history.scrollRestoration = "auto";
    say(done.textContent);
  };
  if (done) addEventListener("load", () => setTimeout(settle));
})();
