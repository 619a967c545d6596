// Keeps the inbox up to date. Text from messages only ever becomes text.
"use strict";
(() => {
  const words = document.body.dataset;
  const phones = document.getElementById("phones");
  const state = document.getElementById("state");
  const announce = document.getElementById("announce");
  const nothing = document.getElementById("nothing");
  const search = document.getElementById("q");
  const ticks = { accepted: "✓", delivered: "✓✓", failed: "✗" };

  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const keyOf = (message) => `${message.biz_id}|${message.to}`;
  const localTime = (time) => {
    const date = new Date(time.dateTime);
    if (!Number.isNaN(date.valueOf())) time.textContent = date.toLocaleTimeString();
  };
  // Full-width digits are digits, as on the server.
  const digitsOf = (text) =>
    text
      .replace(/[０-９]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0))
      .replace(/[^0-9]/g, "");
  const filter = () => {
    const digits = digitsOf(search.value);
    const isAll = search.value.trim() === "";
    const isReadable = isAll || digits !== "";
    const wanted = digits.replace(/^00/, "");
    let isFound = false;
    for (const phone of phones.children) {
      phone.hidden = !(isReadable && phone.dataset.to.includes(wanted));
      isFound ||= !phone.hidden;
    }
    nothing.firstElementChild.textContent = isReadable ? words.nothingFound : words.unreadable;
    nothing.hidden = isAll || isFound;
    const empty = document.getElementById("empty");
    if (empty) empty.hidden = !isAll;
  };

  const phoneOf = (number) => {
    for (const phone of phones.children) if (phone.dataset.to === number) return phone;
    const phone = make("section", "phone");
    phone.dataset.to = number;
    phone.setAttribute("aria-label", number);
    phone.append(make("h3", "", number), make("ol"));
    return phone;
  };
  const show = (item, message) => {
    item.classList.remove("accepted", "delivered", "failed");
    item.classList.add(message.status);
    item.querySelector(".tick").textContent = ticks[message.status] ?? "";
    item.querySelector(".word").textContent = words[message.status] ?? message.status;
    item.querySelector(".reason").textContent = message.status === "failed" ? message.err_code ?? "" : "";
  };
  const itemOf = (message) => {
    const item = make("li", "message new");
    item.dataset.key = keyOf(message);
    const time = make("time", "", message.sent_at);
    time.dateTime = message.sent_at;
    localTime(time);
    const status = make("span", "status");
    const tick = make("span", "tick");
    tick.setAttribute("aria-hidden", "true");
    status.append(tick, " ", make("span", "word"), " ", make("span", "reason"));
    const when = make("p", "meta");
    when.append(time, " ", status);
    const template = message.template_code && `${words.template} ${message.template_code}`;
    const outId = message.out_id && `${words.outId} ${message.out_id}`;
    const what = make("p", "meta", [template, outId].filter(Boolean).join(" · "));
    item.append(make("p", "text", message.text), when, what);
    show(item, message);
    return item;
  };
  const arrive = (message) => {
    document.getElementById("empty")?.remove();
    const phone = phoneOf(message.to);
    phone.querySelector("ol").prepend(itemOf(message));
    phones.prepend(phone);
    filter();
    announce.textContent = `${words.new} ${message.to}`;
  };
  const change = (message) => {
    const key = keyOf(message);
    for (const item of phones.querySelectorAll(".message")) {
      if (item.dataset.key === key) show(item, message);
    }
  };
  // What arrives while the page is drawn again would vanish with the old one.
  let waiting = null;
  const happen = (event) => {
    if (waiting) waiting.push(event);
    else event();
  };
  const known = (message) => {
    const key = keyOf(message);
    return [...phones.querySelectorAll(".message")].some((item) => item.dataset.key === key);
  };
  const reload = async () => {
    waiting ??= [];
    try {
      await redraw();
    } finally {
      const events = waiting ?? [];
      waiting = null;
      for (const event of events) event();
    }
  };
  const redraw = async () => {
    // All of them, whatever is searched for now: that may change.
    const all = new URL(location.href);
    all.searchParams.delete("q");
    const answer = await fetch(all);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    phones.replaceChildren(...page.getElementById("phones").children);
    for (const time of phones.querySelectorAll("time")) localTime(time);
    const empty = page.getElementById("empty");
    document.getElementById("empty")?.remove();
    if (empty) nothing.after(empty);
    filter();
  };

  for (const time of phones.querySelectorAll("time")) localTime(time);
  search.addEventListener("input", filter);

  // What came between drawing the page and listening is not in the stream, so
  // the page is drawn again whenever listening begins.
  const events = new EventSource("/_emulator/events");
  events.addEventListener("open", () => {
    state.textContent = words.live;
    reload().catch(() => {});
  });
  events.addEventListener("error", () => { state.textContent = words.offline; });
  events.addEventListener("message", (event) => {
    const message = JSON.parse(event.data);
    const isDrawing = waiting !== null;
    happen(() => (isDrawing && known(message) ? change(message) : arrive(message)));
  });
  events.addEventListener("status", (event) => {
    const message = JSON.parse(event.data);
    happen(() => change(message));
  });
  events.addEventListener("cleared", () => reload().catch(() => {}));
})();
