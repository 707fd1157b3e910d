// The inputs of a slash command's options.
import { act } from "./api.js";
import { arrowed, freshId, h } from "./dom.js";
import { optionsOf } from "./components.js";
import { state } from "./state.js";

const STRING = 3, INTEGER = 4, BOOLEAN = 5, USER = 6, CHANNEL = 7, ROLE = 8, MENTIONABLE = 9, NUMBER = 10, FILE = 11;
const WAIT_MS = 150;

// `form` tells a field its command and the other values: {command, values()}.
export function drawOption(option, form) {
  const id = freshId("option");
  const draw = option.choices.length ? choices : option.autocomplete ? suggestions : KINDS[option.kind] || text;
  const field = draw(option, id, form);
  const star = option.required && h("span", { class: "needed", "aria-hidden": true }, " *");
  const label = h("label", { for: id, title: option.description }, option.label, star);
  const box = h("div", { class: "option", data: { option: option.name } }, label, field.element, h("small", { class: "subtext" }, option.description));
  return { ...field, name: option.name, label: option.label, box };
}

const KINDS = {
  [BOOLEAN]: (option, id) => listed([["true", "True"], ["false", "False"]], option, id, (value) => value === "true"),
  [USER]: (option, id) => listed(pairs(5), option, id),
  [CHANNEL]: (option, id) => listed(pairs(8), option, id),
  [ROLE]: (option, id) => listed(pairs(6), option, id),
  [MENTIONABLE]: (option, id) => listed(pairs(7), option, id),
  [FILE]: file,
};

function pairs(type) {
  return optionsOf({ type }).map((choice) => [choice.value, choice.label]);
}

function listed(entries, option, id, convert = (value) => value) {
  const box = h("select", { id, required: option.required }, h("option", { value: "" }, "-"), entries.map(([value, label]) => h("option", { value }, label)));
  return { element: box, value: () => (box.value === "" ? undefined : convert(box.value)) };
}

function choices(option, id) {
  const entries = option.choices.map(([label], index) => [String(index), label]);
  return listed(entries, option, id, (index) => option.choices[Number(index)][1]);
}

function text(option, id) {
  const numeric = option.kind === INTEGER || option.kind === NUMBER;
  const long = option.kind === STRING && (option.max_length ?? 6000) > 200;
  const props = { id, required: option.required, autocomplete: "off" };
  if (numeric) Object.assign(props, { type: "number", min: option.min_value, max: option.max_value, step: option.kind === NUMBER ? "any" : "1" });
  else Object.assign(props, { type: "text", minlength: option.min_length, maxlength: option.max_length ?? 6000 });
  const input = long ? h("textarea", { ...props, type: null, rows: 2 }) : h("input", props);
  return { element: input, value: () => read(input.value, option) };
}

function read(value, option) {
  if (value.trim() === "") return undefined;
  if (option.kind === INTEGER) return Number.parseInt(value, 10);
  return option.kind === NUMBER ? Number(value) : value;
}

// What is chosen is shown by its name and sent by its value; what is typed is sent as it is.
function suggestions(option, id, form) {
  const listId = `${id}-list`;
  const props = { id, role: "combobox", autocomplete: "off", required: option.required, "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list" };
  const input = h("input", { ...props, type: "text" });
  const list = h("ul", { id: listId, role: "listbox", class: "suggestions", hidden: true });
  const about = { option, form, input, list, found: [], index: -1, chosen: null, timer: null, asked: 0 };
  input.addEventListener("input", () => {
    about.chosen = null;
    ask(about);
  });
  input.addEventListener("focus", () => ask(about));
  input.addEventListener("blur", () => hide(about));
  input.addEventListener("keydown", (event) => steer(event, about));
  const value = () => (about.chosen ? about.chosen.value : read(input.value, option));
  return { element: h("div", { class: "combo" }, input, list), value };
}

function ask(about) {
  clearTimeout(about.timer);
  const number = (about.asked += 1);
  about.timer = setTimeout(async () => {
    const options = { ...about.form.values(), [about.option.name]: about.input.value };
    const call = { user: state.me, channel: state.channelId, command: about.form.command.name, options, focused: about.option.name };
    const found = await act("autocomplete", call).catch(() => []);
    if (number !== about.asked || document.activeElement !== about.input) return;
    about.found = found;
    about.index = -1;
    show(about);
  }, WAIT_MS);
}

function show(about) {
  const { list, input, found, index } = about;
  list.replaceChildren(
    ...found.map((choice, at) => {
      const pick = (event) => {
        event.preventDefault();
        take(about, choice);
      };
      return h("li", { id: `${list.id}-${at}`, role: "option", "aria-selected": String(at === index), onpointerdown: pick }, choice.name);
    }),
  );
  list.hidden = found.length === 0;
  input.setAttribute("aria-expanded", String(!list.hidden));
  if (index >= 0) input.setAttribute("aria-activedescendant", `${list.id}-${index}`);
  else input.removeAttribute("aria-activedescendant");
}

function take(about, choice) {
  about.chosen = choice;
  about.input.value = choice.name;
  hide(about);
}

function hide(about) {
  about.asked += 1;
  about.list.hidden = true;
  about.input.setAttribute("aria-expanded", "false");
}

function steer(event, about) {
  if (about.list.hidden) return;
  const next = arrowed(event, about.index, about.found.length);
  if (next !== null) {
    about.index = next;
    show(about);
  } else if ((event.key === "Enter" || event.key === "Tab") && about.index >= 0) take(about, about.found[about.index]);
  else if (event.key === "Escape") hide(about);
  else return;
  if (event.key === "Tab") return;
  event.preventDefault();
  event.stopPropagation();
}

function file(option, id) {
  const input = h("input", { id, type: "file", class: "pick" });
  const shown = h("span", { class: "picked" });
  let chosen = null;
  const set = (next) => {
    chosen = next;
    shown.textContent = next ? `${next.name} (${Math.ceil(next.size / 1024)} KB)` : "";
  };
  input.addEventListener("change", () => set(input.files[0] || null));
  const [fetchOne, label] = /image|frame/.test(option.name) ? [() => drawSample(option.name), "Use a sample picture"] : [fetchSample, "Use the sample clip"];
  const sample = h("button", { type: "button", class: "button secondary", onclick: async () => set(await fetchOne()) }, label);
  const problem = () => (option.required && !chosen ? `Choose a file for "${option.name}".` : null);
  return { element: h("div", { class: "row" }, input, sample, shown), value: () => undefined, file: () => chosen, problem };
}

function drawSample(name) {
  const canvas = h("canvas", { width: 640, height: 360 });
  const context = canvas.getContext("2d");
  const light = context.createLinearGradient(0, 0, 640, 360);
  const hue = Math.floor(Math.random() * 360);
  light.addColorStop(0, `hsl(${hue} 80% 30%)`);
  light.addColorStop(1, `hsl(${(hue + 70) % 360} 90% 65%)`);
  context.fillStyle = light;
  context.fillRect(0, 0, 640, 360);
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(new File([blob], `${name}.png`, { type: "image/png" })), "image/png"));
}

export async function fetchSample() {
  const response = await fetch("page/sample.mp4");
  return new File([await response.blob()], "sample.mp4", { type: "video/mp4" });
}
