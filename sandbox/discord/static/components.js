// Draw what stands below (or, in the newer layout, inside) a message: buttons, lists, sections, galleries.
import { cover, media, renderAttachment } from "./attachments.js";
import { h } from "./dom.js";
import { markdown } from "./markdown.js";
import { state } from "./state.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium" };
const CHANNEL_SELECT = 8;

export function renderComponents(message, world, act) {
  return message.components.map((component) => render(component, { message, world, act }));
}

const DRAW = {
  1: (row, about) => h("div", { class: "row" }, row.components.map((child) => render(child, about))),
  2: button,
  3: select,
  5: select,
  6: select,
  7: select,
  8: select,
  9: section,
  10: (text, { world }) => h("div", { class: "content" }, markdown(text.content, world)),
  11: (thumbnail) => unfold(thumbnail, media({ ...thumbnail.media, description: thumbnail.description }, "thumbnail")),
  12: (gallery) => h("div", { class: "gallery" }, gallery.items.map((item) => unfold(item, media({ ...item.media, description: item.description })))),
  13: file,
  14: (separator) => h("hr", { class: separator.divider === false ? "blank" : "" }),
  17: container,
};

function render(component, about) {
  const draw = DRAW[component.type];
  return draw ? draw(component, about) : h("p", { class: "subtext" }, `(a component of kind ${component.type})`);
}

function emojiOf(component) {
  return component.emoji?.name ? `${component.emoji.name} ` : "";
}

function button(component, { message, act }) {
  const label = `${emojiOf(component)}${component.label || ""}`;
  const style = STYLES[component.style] || "secondary";
  if (component.url && !component.disabled) {
    return h("a", { class: `button ${style}`, href: component.url, target: "_blank", rel: "noopener noreferrer" }, `${label} ↗`);
  }
  const press = (event) => act.press(message, component.custom_id, event.currentTarget);
  return h("button", { class: `button ${style}`, disabled: component.disabled, onclick: press, data: { customId: component.custom_id || "" } }, label);
}

// A list sends its choice once it loses focus or the person presses Enter, several choices included.
function select(component, { message, act }) {
  const many = (component.max_values ?? 1) > 1;
  const choices = optionsOf(component);
  const wordsOf = (choice) => `${emojiOf(choice)}${choice.label}${choice.description ? ` - ${choice.description}` : ""}`;
  const box = h(
    "select",
    { class: "choose", disabled: component.disabled, multiple: many, size: many && Math.min(Math.max(choices.length, 2), 6), "aria-label": component.placeholder || "Make a selection" },
    !many && h("option", { value: "" }, component.placeholder || "Make a selection"),
    choices.map((choice) => h("option", { value: choice.value, selected: choice.default }, wordsOf(choice))),
  );
  const send = () => {
    const values = [...box.selectedOptions].map((option) => option.value).filter(Boolean);
    if (values.length || component.min_values === 0) act.select(message, component.custom_id, values);
  };
  if (!many) box.addEventListener("change", send);
  if (!many) return box;
  const label = h("small", { class: "subtext wide" }, component.placeholder);
  return h("span", { class: "row" }, label, box, h("button", { class: "button secondary", onclick: send }, "Choose"));
}

export function optionsOf(component) {
  if (component.type === 3) return component.options || [];
  const people = state.people.map((person) => ({ value: person.id, label: person.name }));
  const roles = state.roles.map((role) => ({ value: role.id, label: `@${role.name}` }));
  if (component.type === CHANNEL_SELECT) {
    const kinds = component.channel_types;
    const channels = [...state.view.channels, ...state.view.threads];
    return channels.filter((one) => !kinds?.length || kinds.includes(one.kind)).map((one) => ({ value: one.id, label: `#${one.name}` }));
  }
  const chosen = new Set((component.default_values || []).map((value) => String(value.id)));
  const all = { 5: people, 6: roles, 7: [...people, ...roles] }[component.type] || [];
  return all.map((choice) => ({ ...choice, default: chosen.has(choice.value) }));
}

function section(component, about) {
  const texts = component.components.map((child) => render(child, about));
  return h("div", { class: "section" }, h("div", {}, texts), render(component.accessory, about));
}

function container(component, about) {
  const edge = component.accent_color ? `#${component.accent_color.toString(16).padStart(6, "0")}` : "";
  const box = h("article", { class: "embed container", style: { borderLeftColor: edge } }, component.components.map((child) => render(child, about)));
  return unfold(component, box);
}

function file(component, { message }) {
  const name = component.name || decodeURIComponent(component.file.url.split("?")[0].split("/").pop());
  const found = message.attachments.find((one) => one.filename === name);
  const known = found || { filename: name, content_type: "application/octet-stream", size: component.size || 0, url: component.file.url };
  return unfold(component, renderAttachment({ ...known, spoiler: false }));
}

function unfold(component, element) {
  return component.spoiler ? cover(element) : element;
}
