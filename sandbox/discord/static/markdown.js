// Turn Discord's markdown into elements. No markup passes through: every piece becomes text or a known element.
import { h } from "./dom.js";
import { stamp } from "./times.js";

const INLINE = [
  [/^\\([^\sA-Za-z0-9])/, (m) => m[1]],
  [/^```(?:[\w+-]*\n)?([\s\S]+?)```/, (m) => h("pre", {}, h("code", {}, m[1].replace(/\n$/, "")))],
  [/^``([\s\S]+?)``(?!`)/, (m) => h("code", {}, m[1])],
  [/^`([^`]+)`/, (m) => h("code", {}, m[1])],
  [/^\|\|([\s\S]+?)\|\|/, (m, world) => spoiler(inline(m[1], world))],
  [/^\*\*([\s\S]+?)\*\*(?!\*)/, (m, world) => h("strong", {}, inline(m[1], world))],
  [/^__([\s\S]+?)__(?!_)/, (m, world) => h("u", {}, inline(m[1], world))],
  [/^~~([\s\S]+?)~~/, (m, world) => h("s", {}, inline(m[1], world))],
  [/^\*(?=\S)((?:\*\*|\\[\s\S]|[^*\\])+?)\*(?!\*)/, (m, world) => h("em", {}, inline(m[1], world))],
  [/^_((?:\\[\s\S]|[^_\\])+?)_(?![A-Za-z0-9_])/, (m, world) => h("em", {}, inline(m[1], world))],
  [/^<t:(-?\d{1,13})(?::([tTdDfFRsS]))?>/, (m) => stamp(Number(m[1]), m[2] || "f")],
  [/^<@!?(\d+)>/, (m, world) => mention(`@${world.person(m[1])?.name ?? "unknown-user"}`, m[1] === world.me)],
  [/^<@&(\d+)>/, (m, world) => mention(`@${world.role(m[1])?.name ?? "deleted-role"}`)],
  [/^<#(\d+)>/, (m, world) => channelLink(m[1], world)],
  [/^<\/([-\w ]{1,96}):\d+>/, (m) => mention(`/${m[1]}`)],
  [/^<a?:(\w+):\d+>/, (m) => `:${m[1]}:`],
  [/^@(everyone|here)\b/, (m) => mention(m[0])],
  [/^\[([^\]\n]+)\]\(<?(https?:\/\/[^\s)>]+)>?(?: "[^"]*")?\)/, (m, world) => link(m[2], inline(m[1], world), world)],
  [/^<(https?:\/\/[^\s>]+)>/, (m, world) => link(m[1], m[1], world)],
  [/^https?:\/\/[^\s<>]*[^\s<>.,:;"')\]*_~|]/, (m, world) => link(m[0], m[0], world)],
];
const PLAIN = /^(?:[A-Za-z0-9 ,.;!?'"()-]+?(?=https?:\/\/|[^A-Za-z0-9 ,.;!?'"()-]|$)|[\s\S])/;

export function inline(text, world) {
  const parts = [];
  let rest = text;
  while (rest) {
    const [match, build] = firstOf(rest);
    const last = parts[parts.length - 1];
    const part = build(match, world);
    if (typeof part === "string" && typeof last === "string") parts[parts.length - 1] = last + part;
    else parts.push(part);
    rest = rest.slice(match[0].length);
  }
  return parts.flatMap((part) => (typeof part === "string" ? withBreaks(part) : [part]));
}

function firstOf(text) {
  for (const [pattern, build] of INLINE) {
    const match = pattern.exec(text);
    if (match) return [match, build];
  }
  return [PLAIN.exec(text), (m) => m[0]];
}

function withBreaks(text) {
  return text.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line]));
}

function mention(text, mine = false) {
  return h("span", { class: mine ? "mention mine" : "mention" }, text);
}

function channelLink(id, world) {
  const channel = world.channel(id);
  if (!channel) return mention("#unknown");
  return h("a", { class: "mention", href: `#${id}` }, `#${channel.name}`);
}

// A link to a message here opens here; any other opens in a tab of its own.
function link(address, content, world) {
  const here = /^https?:\/\/(?:[\w.]*discord\.com|127\.0\.0\.1(?::\d+)?|localhost(?::\d+)?)\/channels\/[@\w]+\/(\d+)(?:\/(\d+))?$/.exec(address);
  if (here) {
    const name = content === address && world.channel(here[1])?.name;
    const text = name ? `#${name}${here[2] ? " › message" : ""}` : content;
    return h("a", { class: "mention", href: `#${here[1]}${here[2] ? `/${here[2]}` : ""}` }, text);
  }
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, content);
}

function spoiler(content) {
  const reveal = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.currentTarget.classList.add("shown");
    event.currentTarget.removeAttribute("role");
  };
  const props = { class: "spoiler", role: "button", tabindex: 0, "aria-label": "Spoiler", onclick: reveal, onkeydown: reveal };
  return h("span", props, h("span", {}, content));
}

const BLOCKS = [
  [/^```(?:[\w+-]*\n)?[\s\S]+?```(?:\n|$)/, (m, world) => inline(m[0].replace(/\n$/, ""), world)],
  [/^(#{1,3}) +([^\n]+)(?:\n|$)/, (m, world) => h(`h${m[1].length + 2}`, {}, inline(m[2], world))],
  [/^-# +([^\n]+)(?:\n|$)/, (m, world) => h("small", { class: "subtext" }, inline(m[1], world))],
  [/^>>> ([\s\S]+)$/, (m, world) => h("blockquote", {}, inline(m[1], world))],
  [/^(?:> [^\n]*(?:\n|$))+/, (m, world) => h("blockquote", {}, inline(unquote(m[0]), world))],
  [/^(?: *[-*] [^\n]+(?:\n|$))+/, (m, world) => list("ul", m[0], world)],
  [/^(?: *\d+\. [^\n]+(?:\n|$))+/, (m, world) => list("ol", m[0], world)],
];

function unquote(text) {
  return text.replace(/\n$/, "").replace(/^> /gm, "");
}

function list(tag, text, world) {
  const lines = text.replace(/\n$/, "").split("\n");
  return h(tag, {}, lines.map((line) => h("li", {}, inline(line.replace(/^ *(?:[-*]|\d+\.) /, ""), world))));
}

export function markdown(text, world) {
  const parts = [];
  let rest = text;
  let plain = "";
  const flush = () => {
    if (plain) parts.push(inline(plain.replace(/\n$/, ""), world), h("br"));
    plain = "";
  };
  while (rest) {
    const found = BLOCKS.map(([pattern, build]) => [pattern.exec(rest), build]).find(([match]) => match);
    if (found) {
      flush();
      parts.push(found[1](found[0], world));
      rest = rest.slice(found[0][0].length);
    } else {
      const end = blockEnd(rest);
      plain += rest.slice(0, end);
      rest = rest.slice(end);
    }
  }
  flush();
  if (parts.length && parts[parts.length - 1].tagName === "BR") parts.pop();
  return parts.flat(2);
}

// A plain line ends at its newline, unless a code block or a spoiler that began on it runs on.
function blockEnd(text) {
  const newline = text.indexOf("\n");
  if (newline < 0) return text.length;
  const fence = text.indexOf("```");
  if (fence >= 0 && fence < newline) {
    const close = text.indexOf("```", fence + 3);
    if (close > newline) return close + 3;
  }
  return newline + 1;
}
