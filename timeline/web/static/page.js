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

const measure = () => {
  page.width = Math.max(320, Math.min(1200, root.clientWidth - (root.clientWidth > 760 ? 80 : 32)));
  page.chartWidth = Math.max(320, Math.min(800, page.width));
  page.valueWidth = root.clientWidth > 1100 ? 276 : root.clientWidth > 760 ? 180 : page.width;
};

// Preact takes the place of what the server sent, which is the same.
function paint() {
  measure();
  render(html`<${View} ...${data} />`, root);
  document.title = `${page.inWords(data, data.as_of)} · Timeline`;
}
hydrate(html`<${View} ...${data} />`, root);
// The server does not know how wide the page is: what was taken over is as wide as it drew it.
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
  wanted = { address, push, quiet, light, field };
  if (running) return;
  running = true;
  waiting = setTimeout(() => document.body.classList.add("loading"), 150);
  while (wanted) {
    const next = wanted;
    wanted = null;
    try {
      const light = next.light && data.view === "beliefs" ? `${next.address.includes("?") ? "&" : "?"}light=1&limit=40` : "";
      const answer = await fetch(next.address + light, { headers: { Accept: "application/vnd.timeline.view+json" } });
      const found = await answer.json();
      if (!answer.ok) throw Object.assign(new Error(found.detail ?? found.title ?? answer.statusText), { status: answer.status });
      await needed(found.view);
      // Neither was what does not change while the date does sent again, nor what is below the screen.
      data = light ? { ...found, density: { ...found.density, days: data.density.days }, facets: { ...data.facets, ...found.facets } } : found;
      if (next.push) history.pushState(null, "", next.address);
      else if (!next.quiet) history.replaceState(null, "", next.address);
      paint();
      for (const form of document.querySelectorAll("form.date")) wrong(form, null);
    } catch (error) {
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

function wrong(form, message) {
  form.classList.toggle("wrong", message !== null);
  const help = form.querySelector(".help");
  help.dataset.text ??= help.textContent;
  help.textContent = message === null ? help.dataset.text : `${message}. ${help.dataset.text}`;
}

function addressWith(changes) {
  const query = new page.Query({ ...data.asked, offset: undefined, ...changes }).text;
  return location.pathname + (query ? `?${query}` : "");
}

const today = () => new Date().toISOString().slice(0, 10);
const go = (day, how) => day && show(addressWith({ as_of: day }), how);

// Links and forms of the page itself

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) return void actions[button.dataset.do]?.(event, button);
  const link = event.target.closest("a[href]");
  if (!link || link.origin !== location.origin || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || link.hasAttribute("download") || link.pathname.startsWith("/api/")) return;
  event.preventDefault();
  show(link.pathname + link.search, { push: true });
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
addEventListener("resize", () => requestAnimationFrame(paint));

// The field holds words; while it is typed in, the date as it is written everywhere else.
document.addEventListener("focusin", ({ target }) => {
  if (target.matches?.("input.day")) {
    target.value = target.dataset.iso;
    target.select();
  }
});
document.addEventListener("focusout", ({ target }) => {
  if (target.matches?.("input.day") && target.value === target.dataset.iso) target.value = page.inWords(data, target.dataset.iso);
});

const actions = {
  again() {
    show(latest);
  },
  keys() {
    document.getElementById("keys").showModal();
  },
  play(event, button) {
    if (playing) return stop();
    button.textContent = `◼ ${page.words[data.language].stop}`;
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
  paint();
}

// Dragging: every date that the handle passes is asked for, as fast as answers come

let dragged = null;
const dayAt = (slider, x) => {
  const box = slider.getBoundingClientRect();
  const [from, to] = [Date.parse(slider.dataset.from), Date.parse(slider.dataset.to)];
  const share = Math.min(1, Math.max(0, (x - box.left) / box.width));
  return new Date(from + share * (to - from - 864e5)).toISOString().slice(0, 10);
};
document.addEventListener("pointerdown", (event) => {
  const slider = event.target.closest(".slider");
  if (slider && event.button === 0) {
    dragged = event.target.closest(".handle.earlier") ? "compare" : "as_of";
    // The page stays as tall as it is while it shows fewer rows, so that nothing jumps.
    root.style.minHeight = `${root.offsetHeight}px`;
    slider.setPointerCapture?.(event.pointerId);
    show(addressWith({ [dragged]: dayAt(slider, event.clientX) }));
    event.preventDefault();
    slider.querySelector(dragged === "compare" ? ".handle.earlier" : ".handle.as-of")?.focus();
    return;
  }
  const chart = event.target.closest(".chart");
  if (chart) hover(chart, event.clientX);
});
document.addEventListener("pointermove", (event) => {
  if (dragged) {
    const slider = document.querySelector(".slider");
    const day = dayAt(slider, event.clientX);
    if (day !== data[dragged]) show(addressWith({ [dragged]: day }), { light: true });
    return;
  }
  const chart = event.target.closest?.(".chart");
  if (chart && event.pointerType === "mouse") hover(chart, event.clientX);
});
document.addEventListener("pointerup", () => {
  // The last date that was asked for, whose answer may still be on its way: now with all that was left out.
  if (dragged) (data.view === "beliefs" ? show(latest) : Promise.resolve()).then(() => (root.style.minHeight = ""));
  dragged = null;
});
document.addEventListener("pointercancel", () => {
  dragged = null;
  root.style.minHeight = "";
});

// Moving over the chart of a fact is an as-of
function hover(chart, x) {
  const box = chart.querySelector("svg").getBoundingClientRect();
  const scale = box.width / page.chartWidth;
  const left = (data.chart.kind === "date" ? 72 : 44) * scale, right = 16 * scale;
  const share = (x - box.left - left) / (box.width - left - right);
  if (share < 0 || share > 1) return;
  const [from, to] = data.chart.domain.map((text) => Date.parse(text));
  const day = new Date(from + share * (to - from)).toISOString().slice(0, 10);
  if (day !== data.as_of) show(addressWith({ as_of: day }));
}

// Keys; those of a single letter can be switched off, since speech and a slip of the hand type letters too.

const letters = document.getElementById("letters");
letters.checked = localStorage.getItem("timeline-letters") !== "off";
letters.addEventListener("change", () => localStorage.setItem("timeline-letters", letters.checked ? "on" : "off"));
const steps = (event) => (event.altKey ? "year" : event.shiftKey ? "month" : "day");
document.addEventListener("keydown", (event) => {
  if (event.key.length === 1 && !letters.checked) return;
  const inField = event.target.matches?.("input, textarea, select") || event.ctrlKey || event.metaKey;
  if (event.key === "Escape" && event.target.matches?.("input, textarea")) return event.target.blur();
  if (inField) return;
  const earlier = event.target.matches?.(".handle.earlier");
  const name = earlier || event.key === "[" || event.key === "]" ? "compare" : "as_of";
  const iso = data[name];
  const keys = {
    ArrowLeft: () => show(addressWith({ [name]: page.move(iso, steps(event), -1) })),
    ArrowRight: () => show(addressWith({ [name]: page.move(iso, steps(event), 1) })),
    "[": () => iso && show(addressWith({ compare: page.move(iso, "day", -1) })),
    "]": () => iso && show(addressWith({ compare: page.move(iso, "day", 1) })),
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
  if (data.recorded_is_head) show(location.pathname + location.search, { quiet: true });
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
