// The list of channels and threads, and who you are.
import { byId, h, reconcile } from "./dom.js";
import { nameOf, state } from "./state.js";

const DM = 1;
const FORUMS = new Set([15, 16]);
const seen = new Map();

export function renderSidebar() {
  const { channels, threads } = state.view;
  const items = channels.flatMap((channel) => {
    const under = threads.filter((thread) => thread.parent_id === channel.id);
    return [entry(channel), ...under.map((thread) => entry(thread, true))];
  });
  reconcile(byId("channels"), items);
}

function entry(channel, isThread = false) {
  const current = channel.id === state.channelId;
  const unread = isUnread(channel, current);
  const mark = [nameOf(channel), current, unread, channel.archived, channel.locked].join("|");
  return [channel.id, mark, () => {
    const sign = isThread ? "↳" : channel.kind === DM ? "@" : FORUMS.has(channel.kind) ? "≡" : "#";
    const classes = ["channel", isThread && "thread", unread && "unread", channel.archived && "archived"].filter(Boolean).join(" ");
    const lock = channel.locked && h("span", { class: "lock", title: "Locked" }, "locked");
    const news = unread && h("span", { class: "hidden" }, " (unread)");
    return h("a", { class: classes, href: `#${channel.id}`, "aria-current": current && "page" }, h("span", { class: "sign", "aria-hidden": true }, sign), h("span", { class: "name" }, nameOf(channel)), lock, news);
  }];
}

// A place is unread when it grew since this person last had it open (the first look counts as one).
function isUnread(channel, current) {
  const key = `${state.me}/${channel.id}`;
  if (current || (!seen.has(key) && !seen.has(state.me))) seen.set(key, channel.message_count);
  return channel.message_count > (seen.get(key) ?? 0);
}

export function sawAll() {
  seen.set(state.me, true);
}

export function renderPeople() {
  const people = state.people.filter((person) => !person.is_bot);
  const mark = (person) => `${person.name}|${person.roles}|${person.id === state.me}`;
  reconcile(byId("person"), people.map((person) => [person.id, mark(person), () => option(person)]));
  if (byId("person").value !== state.me) byId("person").value = state.me;
  const me = state.people.find((person) => person.id === state.me);
  if (me) byId("locale").value = me.locale;
}

function option(person) {
  const roles = person.roles.filter((role) => role !== "Member").join(", ");
  return h("option", { value: person.id }, roles ? `${person.name} (${roles})` : person.name);
}

export function setUpSidebar({ become, setLocale }) {
  byId("who").addEventListener("submit", (event) => event.preventDefault());
  byId("person").addEventListener("change", () => become(byId("person").value));
  byId("locale").addEventListener("change", () => setLocale(byId("locale").value));
  byId("show-channels").addEventListener("click", () => toggle());
  byId("channels").addEventListener("click", () => toggle(false));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") toggle(false);
  });
}

function toggle(open = !document.body.classList.contains("channels-open")) {
  document.body.classList.toggle("channels-open", open);
  byId("show-channels").setAttribute("aria-expanded", String(open));
}
