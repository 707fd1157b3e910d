// Show the form a bot opened, and send it.
import { optionsOf } from "./components.js";
import { byId, freshId, h } from "./dom.js";
import { markdown } from "./markdown.js";
import { world } from "./state.js";

// Resolves with {values, files} once sent, or null when the person closed it.
export function askModal(modal, send) {
  const dialog = byId("modal");
  const fields = modal.components.flatMap((component) => (component.type === 1 ? component.components : [component])).map(drawField);
  const problem = h("p", { class: "problem", role: "alert" });
  const submit = h("button", { class: "button primary" }, "Submit");
  const cancel = h("button", { class: "button secondary", type: "button", onclick: () => dialog.close() }, "Cancel");
  const form = h(
    "form",
    {},
    h("h2", {}, modal.title),
    fields.map((field) => field.element),
    problem,
    h("div", { class: "row end" }, cancel, submit),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    problem.textContent = "";
    const error = await send(...collect(fields));
    submit.disabled = false;
    if (error) problem.textContent = error;
    else dialog.close();
  });
  dialog.setAttribute("aria-label", modal.title);
  dialog.replaceChildren(form);
  dialog.showModal();
  form.querySelector("textarea, input, select")?.focus();
}

function collect(fields) {
  const values = {};
  const files = [];
  for (const field of fields) {
    if (!field.name) continue;
    if (field.files) files.push(...[...field.files()].map((file) => [field.name, file]));
    else values[field.name] = field.value();
  }
  return [values, files];
}

function drawField(component) {
  if (component.type === 10) return { element: h("div", { class: "content" }, markdown(component.content, world)) };
  const wrapped = component.type === 18;
  const inner = wrapped ? component.component : component;
  const id = freshId("field");
  const field = (INPUTS[inner.type] || unknown)(inner, id);
  const label = wrapped ? component.label : inner.label;
  const needed = inner.required !== false && [4, 3, 5, 6, 7, 8, 19, 21].includes(inner.type);
  const star = needed && h("span", { class: "needed", "aria-hidden": true }, " *");
  const hint = wrapped && component.description && h("small", { class: "subtext" }, component.description);
  field.element = h("div", { class: "field" }, h("label", { for: id }, label || "", star), hint, field.element);
  return { ...field, name: inner.custom_id };
}

const INPUTS = { 3: choice, 4: textInput, 5: choice, 6: choice, 7: choice, 8: choice, 19: upload, 21: radios, 22: checks, 23: check };

function unknown(component) {
  return { element: h("p", {}, `(an input of kind ${component.type})`), value: () => null };
}

function textInput(component, id) {
  const props = {
    id,
    placeholder: component.placeholder,
    minlength: component.min_length,
    maxlength: component.max_length ?? 4000,
    required: component.required !== false,
    value: component.value ?? "",
  };
  const input = component.style === 2 ? h("textarea", { ...props, rows: 4 }) : h("input", { ...props, type: "text" });
  return { element: input, value: () => input.value };
}

function choice(component, id) {
  const many = (component.max_values ?? 1) > 1;
  const needed = component.required !== false;
  const box = h(
    "select",
    { id, multiple: many, required: needed },
    !many && h("option", { value: "" }, component.placeholder || "Make a selection"),
    optionsOf(component).map((option) => h("option", { value: option.value, selected: option.default }, option.label)),
  );
  return { element: box, value: () => [...box.selectedOptions].map((option) => option.value).filter(Boolean) };
}

function upload(component, id) {
  const many = (component.max_values ?? 1) > 1;
  const input = h("input", { id, type: "file", multiple: many, required: component.required !== false });
  return { element: input, files: () => input.files };
}

function radios(component, id) {
  const inputs = component.options.map((option) =>
    h("input", { type: "radio", name: id, value: option.value, checked: Boolean(option.default), required: component.required !== false }),
  );
  const rows = component.options.map((option, index) => h("label", { class: "choice" }, inputs[index], option.label));
  return { element: h("div", { id, role: "radiogroup" }, rows), value: () => inputs.find((input) => input.checked)?.value ?? null };
}

function checks(component, id) {
  const inputs = component.options.map((option) => h("input", { type: "checkbox", value: option.value, checked: Boolean(option.default) }));
  const rows = component.options.map((option, index) => h("label", { class: "choice" }, inputs[index], option.label));
  return { element: h("div", { id }, rows), value: () => inputs.filter((input) => input.checked).map((input) => input.value) };
}

function check(component, id) {
  const input = h("input", { id, type: "checkbox", checked: Boolean(component.default) });
  return { element: input, value: () => input.checked };
}
