// Draw files: videos and pictures in place, others as a card to download.
import { h, sizeText } from "./dom.js";

export function renderAttachment(file) {
  const kind = file.content_type.split("/")[0];
  const draw = { video, image, audio }[kind] || card;
  const element = draw(file);
  return file.spoiler ? cover(element) : element;
}

function video(file) {
  return h(
    "figure",
    { class: "file" },
    h("video", { src: file.url, controls: true, playsinline: true, preload: "metadata", "aria-label": file.description || file.filename }),
    caption(file),
  );
}

function image(file) {
  return h("figure", { class: "file" }, h("img", { src: file.url, alt: file.description || file.filename, loading: "lazy" }));
}

function audio(file) {
  return h("figure", { class: "file" }, h("audio", { src: file.url, controls: true, preload: "metadata" }), caption(file));
}

function caption(file) {
  return h("figcaption", {}, h("a", { href: file.url, target: "_blank", rel: "noopener", download: file.filename }, file.filename), ` ${sizeText(file.size)}`);
}

function card(file) {
  return h("div", { class: "file card" }, caption(file));
}

export function cover(element) {
  const button = h("button", { class: "uncover" }, "SPOILER");
  const box = h("div", { class: "covered" }, element, button);
  button.addEventListener("click", () => {
    box.classList.remove("covered");
    button.remove();
  });
  return box;
}

// A picture or video known by its address alone, as embeds and galleries have it.
export function media(item, className = "") {
  const address = item.url || "";
  const isVideo = (item.content_type || "").startsWith("video/") || /\.(mp4|mov|webm|m4v)(\?|$)/i.test(address);
  if (isVideo) return h("video", { class: className, src: address, controls: true, playsinline: true, preload: "metadata" });
  return h("img", { class: className, src: address, alt: item.description || "", loading: "lazy" });
}
