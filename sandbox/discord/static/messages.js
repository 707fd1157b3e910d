// Draw a channel's messages.
import { renderAttachment } from "./attachments.js";
import { renderComponents } from "./components.js";
import { byId, h, reconcile } from "./dom.js";
import { renderEmbed } from "./embeds.js";
import { markdown } from "./markdown.js";
import { openMessageMenu } from "./menu.js";
import { avatarColour, state, tint, world } from "./state.js";
import { clock } from "./times.js";

const V2 = 1 << 15;
const SUPPRESS_EMBEDS = 1 << 2;
const FORUMS = new Set([15, 16]);
const PINNED = 6;
const THREAD_CREATED = 18;
const THREAD_STARTER = 21;
const GROUP_SECONDS = 420;

export function renderMessages(messages, act) {
  const list = byId("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const before = list.childElementCount;
  const items = messages.map((message, index) => {
    const starter = message.kind === THREAD_STARTER && state.view.starter;
    const shown = starter ? { ...starter, thread: null } : message;
    const joined = followsOn(messages[index - 1], message);
    return [message.id, markOf(shown, joined), () => renderMessage(shown, joined, act)];
  });
  if (items.length === 0) items.push(...postsOf(state.channelId));
  reconcile(list, items);
  if (atEnd || before === 0) toEnd(list);
}

// A forum has posts instead of messages.
function postsOf(channelId) {
  const posts = state.view.threads.filter((thread) => thread.parent_id === channelId && FORUMS.has(world.channel(channelId)?.kind));
  if (posts.length === 0) return [["none", channelId, () => h("li", { class: "empty" }, "Nothing here yet.")]];
  return posts.map((post) => [post.id, JSON.stringify(post), () => h("li", { class: "post" }, threadCard(post))]);
}

// Pictures and videos grow once they are loaded; stay at the end until then.
export function toEnd(list = byId("messages")) {
  const jump = () => (list.scrollTop = list.scrollHeight);
  jump();
  for (const media of list.querySelectorAll("video, img")) {
    media.addEventListener(media.tagName === "VIDEO" ? "loadedmetadata" : "load", jump, { once: true });
  }
}

// Addresses are signed anew on every look; only what they point at makes a message differ.
function markOf(message, joined) {
  const reply = message.reply_to && state.view.messages.find((other) => other.id === message.reply_to);
  const all = [message, joined, reply && reply.content, state.me, state.people.length];
  return JSON.stringify(all).replace(/\?ex=[^"\\]*/g, "");
}

function followsOn(previous, message) {
  if (!previous || message.command || message.reply_to || previous.kind >= THREAD_CREATED || message.kind > 0) return false;
  if (previous.author.id !== message.author.id || previous.ephemeral !== message.ephemeral) return false;
  return message.timestamp - previous.timestamp < GROUP_SECONDS && !previous.thread;
}

function renderMessage(message, joined, act) {
  if ([PINNED, THREAD_CREATED].includes(message.kind)) return renderSystem(message);
  const classes = ["message"];
  if (joined) classes.push("joined");
  if (message.ephemeral) classes.push("ephemeral");
  if (message.pings_me) classes.push("pings");
  const element = h("li", { class: classes.join(" "), tabindex: 0, data: { id: message.id, kind: message.kind } });
  element.append(
    ...[
      origin(message),
      !joined && h("span", { class: "avatar", style: { background: avatarColour(message.author) }, "aria-hidden": true }, message.author.name[0]),
      !joined && byline(message),
      body(message, act),
      moreButton(element, message, act),
    ].filter(Boolean),
  );
  element.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a, video, input, textarea, select")) return;
    event.preventDefault();
    openMessageMenu(message, element, act, event);
  });
  holdToOpen(element, (event) => openMessageMenu(message, element, act, event));
  return element;
}

function renderSystem(message) {
  const what = message.kind === PINNED ? "pinned a message." : "started a thread: ";
  const name = message.kind === THREAD_CREATED && h("strong", {}, message.content);
  return h("li", { class: "system", data: { id: message.id } }, h("strong", {}, message.author.name), ` ${what}`, name, " ", clock(message.timestamp));
}

function byline(message) {
  const { author } = message;
  return h(
    "div",
    { class: "byline" },
    h("span", { class: "author", style: { color: tint(author) } }, author.name),
    author.is_bot && h("span", { class: "tag" }, "APP"),
    clock(message.timestamp),
  );
}

function origin(message) {
  if (message.command && message.command_by) {
    const by = h("span", { class: "author", style: { color: tint(message.command_by) } }, message.command_by.name);
    return h("div", { class: "origin" }, by, " used ", h("span", { class: "mention" }, commandText(message.command)));
  }
  if (!message.reply_to || message.kind === THREAD_STARTER) return null;
  const target = state.view.messages.find((other) => other.id === message.reply_to);
  if (!target) return h("div", { class: "origin" }, "replied to a message that is gone or in another place");
  const text = inOneLine(target.content).slice(0, 90) || "Click to see the attachment or card";
  return h("div", { class: "origin" }, h("a", { href: `#${message.channel_id}/${target.id}` }, `${target.author.name}: ${text}`));
}

// What was said, without the signs that only lay it out.
function inOneLine(content) {
  const named = content.replace(/<@!?(\d+)>/g, (_, id) => `@${world.person(id)?.name ?? "unknown-user"}`);
  return named.replace(/```|\*\*|`|^-# /gm, "").replace(/\s+/g, " ").trim();
}

// Slash commands are written with their slash, the menus' commands without.
function commandText(name) {
  const inMenu = state.view.commands.some((command) => command.kind > 1 && command.name === name);
  return inMenu ? name : `/${name}`;
}

function body(message, act) {
  const v2 = Boolean(message.flags & V2);
  const parts = [];
  if (message.loading) parts.push(h("p", { class: "thinking" }, h("span", { class: "dots", "aria-hidden": true }), `${message.author.name} is thinking…`));
  if (message.content) {
    const edited = message.edited && h("small", { class: "edited" }, " (edited)");
    parts.push(h("div", { class: "content" }, markdown(message.content, world), edited));
  } else if (message.kind === THREAD_STARTER) {
    parts.push(h("p", { class: "subtext" }, "The message this thread began on is gone."));
  }
  if (!v2) parts.push(...loose(message).map(renderAttachment));
  if (!(message.flags & SUPPRESS_EMBEDS)) parts.push(...message.embeds.map((embed) => renderEmbed(embed, world)));
  parts.push(...renderComponents(message, world, act));
  if (message.reactions.length) parts.push(reactions(message, act));
  if (message.thread) parts.push(threadCard(message.thread));
  if (message.ephemeral) parts.push(onlyYou(message, act));
  return h("div", { class: "body" }, parts);
}

// A picture that a card shows does not stand above it once more.
function loose(message) {
  const path = (item) => item?.url?.split("?")[0];
  const shown = new Set(message.embeds.flatMap((embed) => [path(embed.image), path(embed.thumbnail)]));
  return message.attachments.filter((file) => !shown.has(path(file)));
}

function reactions(message, act) {
  return h(
    "div",
    { class: "reactions" },
    message.reactions.map(([emoji, count]) => h("button", { class: "reaction", onclick: () => act.react(message, emoji) }, `${emoji} ${count}`)),
  );
}

function threadCard(thread) {
  const count = `${thread.message_count} message${thread.message_count === 1 ? "" : "s"} ›`;
  return h("a", { class: "thread-card", href: `#${thread.id}` }, h("strong", {}, thread.name), h("span", {}, count));
}

function onlyYou(message, act) {
  const dismiss = h("button", { class: "as-link", onclick: () => act.remove(message) }, "Dismiss message");
  return h("p", { class: "only-you" }, "Only you can see this • ", dismiss);
}

function moreButton(element, message, act) {
  const open = (event) => {
    event.stopPropagation();
    openMessageMenu(message, element, act, event);
  };
  return h("button", { class: "more", "aria-label": "More", "aria-haspopup": "menu", onclick: open }, "⋯");
}

function holdToOpen(element, open) {
  let timer = null;
  const stop = () => clearTimeout(timer);
  element.addEventListener("touchstart", (event) => {
    if (event.target.closest("button, a, video, input, select")) return;
    const touch = event.touches[0];
    timer = setTimeout(() => open({ clientX: touch.clientX, clientY: touch.clientY }), 500);
  }, { passive: true });
  for (const name of ["touchend", "touchmove", "touchcancel"]) element.addEventListener(name, stop, { passive: true });
}
