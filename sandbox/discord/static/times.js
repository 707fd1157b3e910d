// Show Discord's timestamps; relative ones count by themselves.
import { h } from "./dom.js";

const FORMATS = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};
const UNITS = [
  ["year", 31536000],
  ["month", 2592000],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
let language = "en-US";

export function speak(locale) {
  language = locale;
}

export function relative(seconds, now = Date.now() / 1000) {
  const away = Math.round(seconds - now);
  const [unit, size] = UNITS.find(([, size]) => Math.abs(away) >= size) || UNITS[UNITS.length - 1];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.trunc(away / size), unit);
}

export function stamp(seconds, style = "f") {
  const date = new Date(seconds * 1000);
  const full = new Intl.DateTimeFormat(language, FORMATS.F).format(date);
  const text = style === "R" ? relative(seconds) : new Intl.DateTimeFormat(language, FORMATS[style]).format(date);
  return h("time", { class: "stamp", datetime: date.toISOString(), title: full, data: { style, at: seconds } }, text);
}

// The time beside a message: only the clock today, date and clock before.
export function clock(seconds) {
  const date = new Date(seconds * 1000);
  const today = date.toDateString() === new Date().toDateString();
  const text = new Intl.DateTimeFormat(language, today ? FORMATS.t : FORMATS.s).format(date);
  return h("time", { class: "clock", datetime: date.toISOString(), title: date.toLocaleString(language) }, text);
}

setInterval(() => {
  for (const element of document.querySelectorAll('time[data-style="R"]')) {
    const text = relative(Number(element.dataset.at));
    if (element.textContent !== text) element.textContent = text;
  }
}, 1000);
