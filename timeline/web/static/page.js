// What moves on the page: the date is dragged, typed and stepped, and the answer follows. Without this file every
// link and form works as well, a page at a time.
import { h, hydrate, render } from "./preact.mjs";

const page = globalThis.timelinePage;
const html = globalThis.htm.bind(h);
const View = page.make(html);
const root = document.getElementById("page");
const live = document.getElementById("live");
let data = JSON.parse(document.getElementById("state").textContent);
let waiting = null, running = false, wanted = null, playing = null, latest = location.pathname + location.search;

document.documentElement.classList.add("scripted");
const theme = localStorage.getItem("timeline-theme");
if (theme) document.documentElement.dataset.theme = theme;

function measure() {
  const wide = root.clientWidth;
  page.width = Math.max(320, Math.min(1200, wide - (wide > 760 ? 80 : 32)));
  page.isNarrow = wide <= 760;
  page.chartWidth = Math.max(320, Math.min(800, page.width));
  page.valueWidth = wide > 1100 ? 276 : wide > 760 ? 180 : page.width;
}

// Preact takes the place of what the server sent, which is the same.
function paint() {
  render(html`<${View} ...${data} />`, root);
}
hydrate(html`<${View} ...${data} />`, root);
// The server does not know how wide the page is: what was taken over is as wide as it drew it.
measure();
paint();

// What draws the larger pictures is loaded with the first view that has one.
let pictures = globalThis.timelinePlot.fact ? Promise.resolve() : null;
const needed = (view) => ["fact", "promises", "ask"].includes(view) ? (pictures ??= loaded("/static/pictures.js")) : null;
const loaded = (src) => new Promise((done, failed) => {
  const script = Object.assign(document.createElement("script"), { src, onload: done, onerror: () => { pictures = null; failed(new Error(src)); } });
  document.head.append(script);
});

// One request at a time: the last date that was asked for meanwhile is the next one.
async function show(address, { push = false, quiet = false, light = false, field = null } = {}) {
  latest = address;
  clearTimeout(resting);
  resting = null;
  wanted = { address, push, quiet, light: light && data.view === "beliefs", field };
  if (running) return;
  running = true;
  waiting = setTimeout(() => document.body.classList.add("loading"), 150);
  while (wanted) {
    const next = wanted;
    const turn = steps;
    wanted = null;
    try {
      const found = await asked(next.address, next.light);
      await needed(found.view);
      // Meanwhile the date was moved to another day, which is shown already.
      if (turn !== steps) continue;
      // Neither was what does not change while the date does sent again.
      data = next.light ? { ...found, density: data.density, facets: { ...data.facets, ...found.facets } } : found;
      if (next.push) history.pushState(null, "", next.address);
      else if (!next.quiet) history.replaceState(null, "", next.address);
      paintFlowing();
      if (!dragged && !next.light) root.style.minHeight = "";
      document.title = data.view === "fact" ? `${data.fact} · Timeline` : `${page.inWords(data, data.as_of)} · Timeline`;
      for (const form of document.querySelectorAll("form.date.wrong")) wrong(form, null);
    } catch (error) {
      if (turn !== steps) continue;
      // What was typed stays in its field, with a word below it; all else is named above the answer, which stays.
      if (error.status === 400 && next.field?.isConnected) wrong(next.field, error.message);
      else {
        data = { ...data, trouble: error.status ? error.message : page.words[data.language].noAnswer };
        paint();
      }
    }
  }
  clearTimeout(waiting);
  document.body.classList.remove("loading");
  running = false;
}

/** Paint, and let the bands of promises change their height from what they were. */
function paintFlowing() {
  const named = (band) => `${band.closest("section").className} ${band.dataset.band}`;
  const flows = !dragged && !still.matches && data.view === "promises";
  const before = flows && new Map([...root.querySelectorAll("[data-band]")].map((band) => [named(band), [...band.children].map((path) => path.getAttribute("d"))]));
  paint();
  for (const band of flows ? root.querySelectorAll("[data-band]") : []) {
    const old = before.get(named(band));
    if (old?.length !== band.children.length) continue;
    old.forEach((d, at) => {
      const path = band.children[at];
      if (d !== path.getAttribute("d")) path.animate({ d: [`path("${d}")`, `path("${path.getAttribute("d")}")`] }, 200);
    });
  }
}

async function asked(address, light) {
  const more = light ? `${address.includes("?") ? "&" : "?"}light=1` : "";
  const answer = await fetch(address + more, { headers: { Accept: "application/vnd.timeline.view+json" } });
  const found = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(found.detail ?? found.title ?? answer.statusText), { status: answer.status });
  return found;
}

// A date that is moved: most days are known already, and shown at once

let steps = 0, resting = null, onScreen = 40, days = null, daysOf = null;
const listed = () => `${data.commit} ${location.pathname}?${new page.Query({ ...data.asked, as_of: undefined, offset: undefined }).text}`;

/** Ask for what the view shows on the days about the date, once for each view. */
async function know() {
  if (data.view === "ask" || data.view === "problem" || daysOf === listed()) return;
  const of = (daysOf = listed());
  try {
    const found = page.withDays(await asked(`/days${location.pathname.replace(/^\/$/, "")}?${new page.Query({ ...data.asked, offset: undefined }).text}`));
    if (daysOf === of) days = found;
  } catch {
    if (daysOf === of) days = daysOf = null;
  }
}

/** Keep the page as tall as it is while it shows only the rows on the screen, none of them less than 30 high, so that nothing jumps. */
function hold() {
  if (root.style.minHeight) return;
  const table = root.querySelector(".beliefs");
  onScreen = table ? Math.ceil(Math.max(0, innerHeight - table.getBoundingClientRect().top) / 30) + 1 : 40;
  root.style.minHeight = `${root.offsetHeight}px`;
}

/** Show another date: at once where it is known what is shown then, and what is left out of that at rest. */
function step(name, day, { push = false } = {}) {
  know();
  const found = name === "as_of" ? moved(day) : null;
  if (!found) return void show(addressWith({ [name]: day }), { push, light: Boolean(dragged) });
  steps += 1;
  data = found;
  latest = addressWith({});
  const before = dragged || still.matches ? null : new Set(root.querySelectorAll(".beliefs svg"));
  paintFlowing();
  if (before) for (const mark of root.querySelectorAll(".beliefs svg")) if (!before.has(mark)) mark.animate({ opacity: [0, 1] }, 120);
  clearTimeout(resting);
  if (push) history.pushState(null, "", latest);
  resting = setTimeout(rest, 150);
}

/** Show all rows of a date that rests, and ask for what else there is of it. */
function rest() {
  const found = root.style.minHeight && data.asked.as_of === data.as_of ? moved(data.as_of, Infinity) : null;
  if (found) {
    data = found;
    paint();
    root.style.minHeight = "";
  }
  show(latest);
}
/** Whether all that the page shows is what the server sent for its address. */
page.isAtRest = () => !running && resting === null;
/** Whether the page has what its view shows on the days about the date. */
page.knowsDays = () => Boolean(days);
const still = matchMedia("(prefers-reduced-motion: reduce)");

function moved(day, rows = 0) {
  if (!days || days.commit !== data.commit || daysOf !== listed()) return null;
  if (!rows && data.view === "beliefs") hold();
  const found = page.onDay(data, days, day, rows || onScreen);
  // Beyond what is known: the next time it is.
  if (!found) daysOf = null;
  return found;
}

function wrong(form, message) {
  form.classList.toggle("wrong", message !== null);
  const help = form.querySelector(".help");
  help.dataset.text ??= help.textContent;
  help.textContent = message === null ? help.dataset.text : `${message}. ${help.dataset.text}`;
}

function addressWith(changes) {
  const query = new page.Query({ as_of: undefined, ...data.asked, offset: undefined, ...changes }).text;
  return location.pathname + (query ? `?${query}` : "");
}

const go = (day) => day && step("as_of", day);

// Links and forms of the page itself

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) return void actions[button.dataset.do]?.(event, button);
  const link = event.target.closest("a[href]");
  if (!link || link.origin !== location.origin || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || link.hasAttribute("download") || /^.(api|cite)/.test(link.pathname)) return;
  event.preventDefault();
  const query = new URLSearchParams(link.search);
  if (link.dataset.step && query.get("as_of")) return step("as_of", query.get("as_of"), { push: true });
  // Rows that are the same on another day keep their links until the date rests.
  if (link.closest(".beliefs") && query.has("as_of")) query.set("as_of", data.asked.as_of);
  show(link.pathname + (query.size ? `?${query}` : ""), { push: true });
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "get") return;
  event.preventDefault();
  const values = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(values).toString();
  show(new URL(form.action).pathname + (query ? `?${query}` : ""), { push: true, field: form.matches(".date") ? form : null });
  document.activeElement?.blur();
});

// Which columns of an answer are drawn is chosen on the page: the answer stays.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-keeps=answer]");
  if (!form) return;
  const chosen = Object.fromEntries(new FormData(form));
  data = { ...data, asked: { ...data.asked, x: chosen.x, y: chosen.y } };
  latest = addressWith({});
  history.replaceState(null, "", latest);
  paint();
});

addEventListener("popstate", () => show(location.pathname + location.search, { quiet: true }));
addEventListener("resize", () => requestAnimationFrame(() => { measure(); paint(); }));

// The field holds words; while it is typed in, the date as it is written everywhere else.
document.addEventListener("focusin", ({ target }) => {
  if (target.matches?.("input.day")) {
    target.value = target.dataset.was = target.dataset.iso;
    target.select();
  }
});
document.addEventListener("focusout", ({ target }) => {
  if (target.matches?.("input.day") && target.value === target.dataset.was) target.value = page.inWords(data, target.dataset.iso);
});

const actions = {
  again() {
    show(latest);
  },
  keys() {
    document.getElementById("keys").showModal();
  },
  play() {
    if (playing) return stop();
    page.isPlaying = true;
    paint();
    playing = setInterval(() => {
      const next = page.nextReport(data, data.as_of, 1);
      if (next) go(next);
      else stop();
    }, 1000);
  },
  async copy(event, button) {
    await navigator.clipboard.writeText(location.href);
    button.textContent = page.words[data.language].copied;
  },
  async copyCsv(event, button) {
    const answer = await fetch(document.querySelector("a[download='answer.csv']").href);
    if (!answer.ok) return;
    await navigator.clipboard.writeText(await answer.text());
    button.textContent = page.words[data.language].copied;
  },
  theme() {
    const dark = document.documentElement.dataset.theme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("timeline-theme", document.documentElement.dataset.theme);
  },
};

function stop() {
  clearInterval(playing);
  playing = null;
  page.isPlaying = false;
  paint();
}

// Dragging: every date that the handle passes is shown, as fast as frames or answers come

let dragged = null, track = null, next = null, reached = null, isDrawing = false;
const dayAt = (x) => {
  const share = Math.min(1, Math.max(0, (x - track.left) / track.width));
  return new Date(track.from + share * (track.to - track.from - 864e5)).toISOString().slice(0, 10);
};
document.addEventListener("pointerdown", (event) => {
  const slider = event.target.closest(".slider");
  if (slider && event.button === 0) {
    dragged = event.target.closest(".handle.earlier") ? "compare" : "as_of";
    const { left, width } = slider.getBoundingClientRect();
    track = { left, width, from: Date.parse(slider.dataset.from), to: Date.parse(slider.dataset.to) };
    hold();
    slider.setPointerCapture?.(event.pointerId);
    next = reached = dayAt(event.clientX);
    step(dragged, next);
    event.preventDefault();
    slider.querySelector(dragged === "compare" ? ".handle.earlier" : ".handle.as-of")?.focus();
    return;
  }
  const chart = event.target.closest(".chart");
  if (chart) hover(chart, event.clientX);
});
document.addEventListener("pointermove", (event) => {
  if (dragged) return drag(event);
  const chart = event.target.closest?.(".chart");
  if (chart && event.pointerType === "mouse") hover(chart, event.clientX);
});
// Comes before the frame of a movement begins: what is shown then is made while the screen is waited for.
document.addEventListener("pointerrawupdate", (event) => dragged && drag(event));
document.addEventListener("pointerover", ({ target }) => target.closest?.(".slider, .steps") && know());
document.addEventListener("pointerup", () => {
  const was = dragged;
  if (was) dragTo(next);
  dragged = null;
  // The last date that was asked for, whose answer may still be on its way: now with all that was left out.
  if (was && (data.view === "beliefs" || resting !== null)) rest();
  else if (was) root.style.minHeight = "";
});
document.addEventListener("pointercancel", () => {
  dragged = null;
  root.style.minHeight = "";
});

/** Show the day under the pointer, one day a frame: a mouse may move many times in each, and the last one counts. */
function drag(event) {
  next = dayAt(event.clientX);
  if (!isDrawing) dragTo(next);
}
function dragTo(day) {
  if (day === reached) return;
  reached = day;
  isDrawing = true;
  step(dragged, day);
  // Style and layout as well, while there is time.
  root.getBoundingClientRect();
  requestAnimationFrame(() => {
    isDrawing = false;
    setTimeout(() => dragged && !isDrawing && dragTo(next));
  });
}

// Moving over the chart of a fact is an as-of
function hover(chart, x) {
  const box = chart.querySelector("svg").getBoundingClientRect();
  const scale = box.width / page.chartWidth;
  const left = (data.chart.kind === "date" ? 72 : 44) * scale, right = 16 * scale;
  const share = (x - box.left - left) / (box.width - left - right);
  if (share < 0 || share > 1) return;
  const [from, to] = data.chart.domain.map((text) => Date.parse(text));
  const day = new Date(from + share * (to - from)).toISOString().slice(0, 10);
  if (day !== data.as_of) step("as_of", day);
}

// Keys; those of a single letter can be switched off, since speech and a slip of the hand type letters too.

const letters = document.getElementById("letters");
letters.checked = localStorage.getItem("timeline-letters") !== "off";
letters.addEventListener("change", () => localStorage.setItem("timeline-letters", letters.checked ? "on" : "off"));
const unit = (event) => (event.altKey ? "year" : event.shiftKey ? "month" : "day");
document.addEventListener("keydown", (event) => {
  if (event.key.length === 1 && !letters.checked) return;
  const inField = event.target.matches?.("input, textarea, select") || event.ctrlKey || event.metaKey;
  if (event.key === "Escape" && event.target.matches?.("input, textarea")) return event.target.blur();
  if (inField) return;
  const earlier = event.target.matches?.(".handle.earlier");
  const name = earlier || event.key === "[" || event.key === "]" ? "compare" : "as_of";
  const iso = data[name];
  const keys = {
    ArrowLeft: () => step(name, page.move(iso, unit(event), -1)),
    ArrowRight: () => step(name, page.move(iso, unit(event), 1)),
    "[": () => iso && step("compare", page.move(iso, "day", -1)),
    "]": () => iso && step("compare", page.move(iso, "day", 1)),
    Home: () => go(data.first),
    End: () => show(addressWith({ as_of: undefined })),
    n: () => go(page.nextReport(data, data.as_of, 1)),
    p: () => go(page.nextReport(data, data.as_of, -1)),
    " ": () => event.target.matches("button, summary, a") || document.querySelector("[data-do=play]")?.click(),
    d: () => document.getElementById("field-as_of")?.focus(),
    "/": () => document.querySelector(".find [type=search]")?.focus(),
    c: () => (data.compare ? show(addressWith({ compare: undefined })) : go2()),
    x: () => data.compare && show(addressWith({ as_of: data.compare, compare: data.as_of })),
    j: () => row(1),
    k: () => row(-1),
    Enter: () => document.querySelector("tr.at .name")?.click(),
    w: () => document.querySelector(".why summary")?.click(),
    t: () => document.querySelector(".as-table summary")?.click(),
    Escape: () => (data.view === "fact" ? history.back() : data.compare ? show(addressWith({ compare: undefined })) : undefined),
    "?": () => actions.keys(),
  };
  if (!keys[event.key] || (event.key === "Enter" && event.target !== document.body)) return;
  if (event.key === " " && event.target.matches("button, summary, a")) return;
  event.preventDefault();
  keys[event.key]();
});
const go2 = () => show(addressWith({ compare: page.nextReport(data, data.as_of, -1) ?? data.first }), { push: true });

function row(way) {
  const rows = [...document.querySelectorAll("tr[data-fact]")];
  const at = rows.findIndex((one) => one.classList.contains("at"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + way))];
  rows[at]?.classList.remove("at");
  next?.classList.add("at");
  next?.scrollIntoView({ block: "nearest" });
  next?.querySelector(".name")?.focus();
}

// What another process appends shows by itself

const events = new EventSource("/api/live");
let lost = null;
events.addEventListener("head", ({ data: text }) => {
  const head = JSON.parse(text);
  if (lost) notice("");
  lost = null;
  if (head.commit <= data.commit) return;
  const more = head.position - (data.position ?? head.position);
  if (data.recorded_is_head) show(latest);
  if (more > 0) notice(page.words[data.language].live(more));
});
events.onerror = () => {
  lost ??= new Date().toLocaleTimeString(data.language, { hour: "2-digit", minute: "2-digit" });
  notice(page.words[data.language].notLive(lost));
};
function notice(text) {
  live.textContent = text;
  live.hidden = !text;
  if (text && !lost) setTimeout(() => (live.hidden = true), 6000);
}

// Once there is time, the days about the date, so that the first step is as quick as the others. Not of a fact: they take
// the server seconds, and most readers of a fact move over no chart. There the first movement asks.
if (data.view !== "fact") (globalThis.requestIdleCallback ?? setTimeout)(know);
