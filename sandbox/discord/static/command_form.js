// The form of one slash command: what it needs at once, its other options on demand.
import { h } from "./dom.js";
import { drawOption } from "./fields.js";

const FILE = 11;

// `send(options, files)` answers with an error text or nothing; `leave()` closes the form.
export function commandForm(command, send, leave) {
  const form = { command, values: () => valuesOf(fields) };
  const fields = command.options.map((option) => drawOption(option, form));
  const problem = h("p", { class: "problem", role: "alert" });
  const submit = h("button", { class: "button primary" }, "Send");
  const element = h(
    "form",
    { class: "command", "aria-label": `/${command.label}` },
    h("header", {}, h("strong", {}, `/${command.label}`), h("span", { class: "subtext" }, command.description)),
    h("div", { class: "options" }, fields.map((field) => field.box)),
    moreOptions(command, fields),
    problem,
    h("div", { class: "row end" }, h("button", { class: "button secondary", type: "button", onclick: leave }, "Cancel"), submit),
  );
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leave();
    const writes = event.target.tagName === "TEXTAREA" && event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if (!writes) return;
    event.preventDefault();
    element.requestSubmit();
  });
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = fields.map((field) => field.problem?.()).find(Boolean) || "";
    if (problem.textContent || submit.disabled) return;
    submit.disabled = true;
    problem.textContent = (await send(valuesOf(fields), filesOf(fields))) || "";
    submit.disabled = false;
  });
  return { element, focus: () => (inputIn(element.querySelector(".options")) || submit).focus() };
}

function inputIn(box) {
  return box?.querySelector(".option:not([hidden]) :is(input, textarea, select)");
}

// Needed options and files stand there from the start; each other one has a button that brings it.
function moreOptions(command, fields) {
  const later = fields.filter((field, at) => !command.options[at].required && command.options[at].kind !== FILE);
  const buttons = later.map((field) => {
    field.box.hidden = true;
    const bring = (event) => {
      field.box.hidden = false;
      event.currentTarget.remove();
      field.box.querySelector("input, textarea, select").focus();
    };
    return h("button", { type: "button", class: "chip", onclick: bring }, `+ ${field.label}`);
  });
  return h("div", { class: "row", role: "group", "aria-label": "More options" }, buttons);
}

function valuesOf(fields) {
  const pairs = fields.map((field) => [field.name, field.value()]);
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
}

function filesOf(fields) {
  return fields.filter((field) => field.file?.()).map((field) => [field.name, field.file()]);
}
