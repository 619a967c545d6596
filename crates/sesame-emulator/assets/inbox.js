// Keeps the inbox up to date. Text from messages only ever becomes text.
"use strict";
(() => {
  const words = document.body.dataset;
  const phones = document.getElementById("phones");
  const state = document.getElementById("state");
  const announce = document.getElementById("announce");
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
  const fits = (number) => {
    const digits = search.value.replace(/\D/g, "").replace(/^00/, "");
    return number.includes(digits);
  };
  const filter = () => {
    for (const phone of phones.children) phone.hidden = !fits(phone.dataset.to);
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
    const outId = message.out_id ? ` · ${words.outId} ${message.out_id}` : "";
    const what = make("p", "meta", `${words.template} ${message.template_code}${outId}`);
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
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    phones.replaceChildren(...page.getElementById("phones").children);
    for (const time of phones.querySelectorAll("time")) localTime(time);
    const empty = page.getElementById("empty");
    document.getElementById("empty")?.remove();
    if (empty) phones.after(empty);
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
