// The message box: plain messages with files, replies, and "/" for commands.
import { commandForm } from "./command_form.js";
import { arrowed, byId, h } from "./dom.js";
import { here, nameOf, state } from "./state.js";

const SLASH = 1;
const FORUM = new Set([15, 16]);
const box = { acts: null, draft: null, files: [], replyTo: null, editing: null, found: [], index: 0, form: null, commands: "" };

export function setUpComposer(acts) {
  box.acts = acts;
  const list = h("ul", { id: "commands", role: "listbox", class: "suggestions", "aria-label": "Commands", hidden: true });
  const draft = h("textarea", {
    id: "draft", rows: 1, role: "combobox", "aria-controls": "commands", "aria-expanded": "false", "aria-label": "Message", autocomplete: "off", disabled: true,
  });
  const picker = h("input", { type: "file", id: "files", multiple: true, class: "hidden", tabindex: -1, "aria-label": "Files", onchange: () => addFiles(picker.files) });
  const attach = h("button", { type: "button", class: "bare", id: "attach", "aria-label": "Attach files", title: "Attach files", onclick: () => picker.click() }, "+");
  const send = h("button", { class: "bare", "aria-label": "Send message", title: "Send" }, "➤");
  const title = h("input", { id: "post-title", type: "text", maxlength: 100, "aria-label": "Title of the post", placeholder: "Title of the post", hidden: true });
  const form = h("form", { id: "write", "aria-label": "Message" }, h("p", { id: "context", hidden: true }), h("p", { id: "chosen", hidden: true }), title, h("div", { class: "line" }, attach, picker, draft, send));
  byId("composer").replaceChildren(list, form);
  box.draft = draft;
  draft.addEventListener("input", grow);
  draft.addEventListener("input", suggest);
  draft.addEventListener("keydown", steer);
  form.addEventListener("submit", submit);
}

// Follow the person and place; a form for the old ones is given up, as Discord does.
export function updateComposer({ moved }) {
  const place = here();
  if (moved) reset();
  const forum = FORUM.has(place?.kind);
  byId("post-title").hidden = !forum;
  box.draft.placeholder = !place?.can_post ? "You cannot write here." : forum ? "The post's first message" : `Message ${place.kind === 1 ? "@" : "#"}${short(nameOf(place))} or type / for a command`;
  byId("attach").disabled = !place?.can_attach;
  const commands = JSON.stringify(state.view.commands);
  if (commands !== box.commands && !byId("commands").hidden) suggest();
  box.commands = commands;
}

function short(name) {
  return name.length > 16 ? `${name.slice(0, 15).trimEnd()}…` : name;
}

export function setComposerBusy(busy) {
  box.draft.disabled = busy;
  byId("composer").setAttribute("aria-busy", String(busy));
}

function reset() {
  closeForm(false);
  Object.assign(box, { files: [], replyTo: null, editing: null });
  box.draft.value = "";
  byId("post-title").value = "";
  describe();
  hideCommands();
  grow();
}

export function replyTo(message) {
  box.replyTo = message;
  box.editing = null;
  describe();
  box.draft.focus();
}

export function editMessage(message) {
  box.editing = message;
  box.replyTo = null;
  box.draft.value = message.content;
  describe();
  grow();
  box.draft.focus();
}

function addFiles(files) {
  box.files.push(...files);
  byId("files").value = "";
  describe();
  box.draft.focus();
}

function describe() {
  const context = byId("context");
  const about = box.editing ? "Editing your message" : box.replyTo && `Replying to ${box.replyTo.author.name}`;
  const stop = h("button", { type: "button", class: "as-link", onclick: () => { box.replyTo = box.editing = null; describe(); } }, "cancel");
  context.hidden = !about;
  context.replaceChildren(about || "", " · ", stop);
  const chosen = byId("chosen");
  chosen.hidden = box.files.length === 0;
  const drop = (at) => () => { box.files.splice(at, 1); describe(); };
  chosen.replaceChildren(...box.files.map((file, at) => h("span", { class: "chip" }, file.name, h("button", { type: "button", class: "as-link", "aria-label": `Remove ${file.name}`, onclick: drop(at) }, "✕"))));
}

function grow() {
  box.draft.style.height = "auto";
  box.draft.style.height = `${Math.min(box.draft.scrollHeight, 200)}px`;
}

// Commands

function suggest() {
  const typed = /^\/([^\n]*)$/.exec(box.draft.value);
  if (!typed || box.editing) return hideCommands();
  const wanted = typed[1].toLowerCase().trim();
  const slash = state.view.commands.filter((command) => command.kind === SLASH);
  const starts = (command) => command.name.startsWith(wanted) || command.label.startsWith(wanted);
  const holds = (command) => !starts(command) && `${command.name} ${command.label}`.split(" ").some((part) => part.startsWith(wanted));
  box.found = [...slash.filter(starts), ...slash.filter(holds)];
  box.index = 0;
  showCommands();
}

function showCommands() {
  const entries = box.found.map((command, at) => {
    const pick = (event) => { event.preventDefault(); openForm(command); };
    return h("li", { role: "option", id: `command-${at}`, "aria-selected": String(at === box.index), onpointerdown: pick }, h("strong", {}, `/${command.label}`), h("span", {}, command.description));
  });
  const none = h("li", { class: "empty" }, "No command matches. Is the bot running?");
  byId("commands").replaceChildren(...(entries.length ? entries : [none]));
  byId("commands").hidden = false;
  byId("commands").querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  box.draft.setAttribute("aria-expanded", "true");
  if (entries.length) box.draft.setAttribute("aria-activedescendant", `command-${box.index}`);
}

function hideCommands() {
  byId("commands").hidden = true;
  box.found = [];
  box.draft.setAttribute("aria-expanded", "false");
  box.draft.removeAttribute("aria-activedescendant");
}

function steer(event) {
  if (event.isComposing) return;
  const open = !byId("commands").hidden;
  const next = open ? arrowed(event, box.index, box.found.length) : null;
  if (next !== null) {
    box.index = next;
    showCommands();
  } else if (open && (event.key === "Enter" || event.key === "Tab") && box.found.length) openForm(box.found[box.index]);
  else if (event.key === "Escape") { hideCommands(); box.replyTo = box.editing = null; describe(); }
  else if (event.key === "Enter" && !event.shiftKey) byId("write").requestSubmit();
  else return;
  event.preventDefault();
}

function openForm(command) {
  hideCommands();
  box.draft.value = "";
  const send = async (options, files) => {
    const error = await box.acts.slash(command, options, files);
    if (!error) closeForm(true);
    return error;
  };
  box.form = commandForm(command, send, () => closeForm(true));
  byId("write").hidden = true;
  byId("composer").append(box.form.element);
  box.form.focus();
}

function closeForm(focus) {
  box.form?.element.remove();
  box.form = null;
  byId("write").hidden = false;
  if (focus) box.draft.focus();
}

async function submit(event) {
  event.preventDefault();
  const content = box.draft.value.trim();
  if (!content && box.files.length === 0) return;
  const title = byId("post-title").hidden ? null : byId("post-title").value.trim();
  const { files, replyTo: reply, editing } = box;
  if (await box.acts.write({ content, files, reply, editing, title })) reset();
}
