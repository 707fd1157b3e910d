// Start the page: keep what is shown in step with the local Discord, and carry out what the person does.
import { Refused, act, get, listen } from "./api.js";
import { editMessage, replyTo, setComposerBusy, setUpComposer, updateComposer } from "./composer.js";
import { announce, byId } from "./dom.js";
import { markdown } from "./markdown.js";
import { setUpMenu } from "./menu.js";
import { renderMessages, toEnd } from "./messages.js";
import { askModal } from "./modal.js";
import { onPanelEvent, setUpPanel } from "./panel.js";
import { renderPeople, renderSidebar, sawAll, setUpSidebar } from "./sidebar.js";
import { here, nameOf, state, world } from "./state.js";
import { speak } from "./times.js";

const FAILED = "The application did not respond";
let drawn = "";
let refreshing = null;
let again = false;
let timer = null;

// Looks: one at a time; a change during one asks for another after it.

function refresh() {
  if (refreshing) {
    again = true;
    return refreshing;
  }
  refreshing = look().catch((error) => announce(error.message)).finally(() => {
    refreshing = null;
    if (again) {
      again = false;
      refresh();
    }
  });
  return refreshing;
}

async function look() {
  const [user, channel] = [state.me, state.channelId];
  const view = await get("view", { user: user ?? "", channel: channel ?? "" });
  if (user !== state.me || channel !== state.channelId) {
    again = true;
    return;
  }
  state.me = view.user;
  state.channelId = view.channel;
  state.people = view.people;
  state.roles = view.roles;
  state.view = view;
  draw();
}

function draw() {
  const shown = `${state.me}/${state.channelId}`;
  const moved = shown !== drawn;
  drawn = shown;
  const place = here();
  byId("guild").textContent = state.view.guild;
  byId("title").textContent = place ? `${place.kind === 1 ? "@" : place.parent_id ? "↳ " : "#"}${nameOf(place)}` : "";
  byId("topic").replaceChildren(...(place?.topic ? markdown(place.topic, world) : []));
  renderPeople();
  speak(world.person(state.me)?.locale ?? "en-US");
  renderSidebar();
  sawAll();
  if (moved) byId("messages").replaceChildren();
  renderMessages(state.view.messages, acts);
  updateComposer({ moved });
  settle();
  flash();
}

// The page stands for the person and place asked for: let tests and screen readers know.
function settle() {
  setComposerBusy(false);
  document.querySelector("main").setAttribute("aria-busy", "false");
  Object.assign(document.body.dataset, { me: state.me, channel: state.channelId });
  if (location.hash.split("/")[0] !== `#${state.channelId}`) history.replaceState(null, "", `#${state.channelId}`);
}

function unsettle() {
  setComposerBusy(true);
  document.querySelector("main").setAttribute("aria-busy", "true");
  announce("");
}

async function go({ user = state.me, channel = state.channelId }) {
  if (user === state.me && channel === state.channelId) return;
  unsettle();
  Object.assign(state, { me: user, channelId: channel });
  sessionStorage.setItem("me", user);
  await refresh();
}

// Where a link leads is the event's to say: a look that ended meanwhile has put the old place back into the address.

function follow(event) {
  const match = /^#(\d+)(?:\/(\d+))?$/.exec(new URL(event.newURL).hash);
  if (!match) return;
  state.flashed = match[2] ?? null;
  if (match[1] === state.channelId) flash();
  else go({ channel: match[1] });
}

function flash() {
  if (!state.flashed) return;
  const target = byId("messages").querySelector(`[data-id="${state.flashed}"]`);
  if (!target) return;
  state.flashed = null;
  target.scrollIntoView({ block: "center" });
  target.classList.add("flash");
  target.focus({ preventScroll: true });
  setTimeout(() => target.classList.remove("flash"), 2000);
}

// Deeds: each answers with an error text, or nothing.

async function attempt(deed) {
  announce("");
  try {
    await deed();
    return null;
  } catch (error) {
    if (!(error instanceof Refused)) console.error(error);
    announce(error.message);
    return error.message;
  }
}

async function interact(path, values, files = []) {
  announce("Sending…");
  const answer = await act(path, { ...values, user: state.me }, files);
  announce(answer.state === "failed" ? FAILED : "");
  if (answer.modal) {
    const send = (filled, uploads) => attempt(() => interact("modal", { interaction: answer.id, values: filled }, uploads));
    askModal(answer.modal, send);
  }
  refresh();
}

const acts = {
  slash: (command, options, files) =>
    attempt(async () => {
      await interact("slash", { channel: state.channelId, command: command.name, options }, files);
      toEnd();
    }),
  async press(message, customId, button) {
    button.disabled = true;
    await attempt(() => interact("press", { message: message.id, custom_id: customId }));
    button.disabled = false;
  },
  select: (message, customId, values) => attempt(() => interact("select", { message: message.id, custom_id: customId, values })),
  contextMenu: (command, message) => attempt(() => interact("context", { command: command.name, message: message.id })),
  react: (message, emoji) => attempt(() => act("react", { user: state.me, message: message.id, emoji })),
  remove: (message) => attempt(() => act("delete", { user: state.me, message: message.id })),
  reply: replyTo,
  edit: editMessage,
  async write({ content, files, reply, editing, title }) {
    const user = state.me;
    const error = await attempt(async () => {
      if (editing) await act("edit", { user, message: editing.id, content });
      else if (title !== null) await openPost({ user, title, content }, files);
      else await act("post", { user, channel: state.channelId, content, reply_to: reply?.id }, files.map((file) => ["files", file]));
      await refresh();
      if (!editing) toEnd();
    });
    return error === null;
  },
};

async function openPost(post, files) {
  if (!post.title) throw new Refused("A post needs a title.");
  const made = await act("start-post", { ...post, channel: state.channelId }, files.map((file) => ["files", file]));
  location.hash = `#${made.id}`;
}

function onEvent(event) {
  if (event.kind !== "changed") return onPanelEvent(event);
  clearTimeout(timer);
  timer = setTimeout(refresh, 40);
}

function onState(open) {
  document.body.dataset.ready = String(open);
  if (open) refresh();
  else announce("The local Discord is gone. Waiting for it…");
}

function start() {
  setUpPanel();
  setUpMenu();
  setUpComposer(acts);
  setUpSidebar({
    become: (user) => go({ user }),
    setLocale: (locale) => attempt(async () => {
      await act("locale", { user: state.me, locale });
      await refresh();
    }),
  });
  state.me = sessionStorage.getItem("me");
  state.channelId = /^#(\d+)/.exec(location.hash)?.[1] ?? null;
  addEventListener("hashchange", follow);
  listen(onEvent, onState);
}

start();
