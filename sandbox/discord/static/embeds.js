// Draw an embed: the card with a coloured edge.
import { media } from "./attachments.js";
import { h } from "./dom.js";
import { inline, markdown } from "./markdown.js";
import { clock } from "./times.js";

export function renderEmbed(embed, world) {
  const edge = embed.color ? `#${embed.color.toString(16).padStart(6, "0")}` : "";
  return h(
    "article",
    { class: "embed", style: { borderLeftColor: edge } },
    embed.thumbnail && media(embed.thumbnail, "thumbnail"),
    embed.author && h("p", { class: "embed-author" }, maybeLink(embed.author.url, embed.author.name)),
    embed.title && h("h3", {}, maybeLink(embed.url, inline(embed.title, world))),
    embed.description && h("div", { class: "content" }, markdown(embed.description, world)),
    embed.fields?.length && h("dl", {}, embed.fields.map((field) => renderField(field, world))),
    embed.image && media(embed.image, "image"),
    embed.video?.url && media(embed.video, "image"),
    renderFooter(embed),
  );
}

function renderField(field, world) {
  return h(
    "div",
    { class: field.inline ? "field inline" : "field" },
    h("dt", {}, inline(field.name, world)),
    h("dd", {}, markdown(field.value, world)),
  );
}

function renderFooter(embed) {
  if (!embed.footer && !embed.timestamp) return null;
  const when = embed.timestamp && clock(Date.parse(embed.timestamp) / 1000);
  const text = embed.footer?.text;
  return h("footer", {}, text, text && when && " • ", when);
}

function maybeLink(address, content) {
  if (!address) return content;
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, content);
}
