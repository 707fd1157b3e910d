// The menu of one message: what its reader may do, and the apps' commands for it.
import { byId, h } from "./dom.js";
import { here, state } from "./state.js";

const MESSAGE_COMMAND = 3, DIRECT = 1;
let opener = null;

export function openMessageMenu(message, element, act, event) {
  const own = message.author.id === state.me;
  const apps = message.ephemeral || message.loading ? [] : state.view.commands.filter((command) => command.kind === MESSAGE_COMMAND);
  const entries = [
    message.content && ["Copy text", () => navigator.clipboard?.writeText(message.content)],
    !message.ephemeral && ["Copy message link", () => navigator.clipboard?.writeText(linkTo(message))],
    !message.ephemeral && ["Reply", () => act.reply(message)],
    !message.ephemeral && ["Add 👍", () => act.react(message, "👍")],
    own && ["Edit message", () => act.edit(message)],
    message.ephemeral && ["Dismiss message", () => act.remove(message)],
    !message.ephemeral && (own || state.view.can_manage) && ["Delete message", () => act.remove(message), "danger"],
    ...apps.map((command) => [command.label, () => act.contextMenu(command, message), "app"]),
  ].filter(Boolean);
  open(entries, element, event);
}

// As Discord writes it: that is what people paste.
function linkTo(message) {
  const guild = here().kind === DIRECT ? "@me" : state.view.guild_id;
  return `https://discord.com/channels/${guild}/${message.channel_id}/${message.id}`;
}

function open(entries, element, event) {
  const menu = byId("menu");
  opener = element;
  const firstApp = entries.findIndex(([, , kind]) => kind === "app");
  menu.replaceChildren(
    ...entries.flatMap(([label, run, kind = ""], index) => {
      const choose = () => {
        close();
        run();
      };
      const entry = h("button", { role: "menuitem", class: kind, tabindex: -1, onclick: choose }, label);
      return index === firstApp ? [h("p", { class: "menu-title" }, "Apps"), entry] : [entry];
    }),
  );
  menu.hidden = false;
  place(menu, element, event);
  items()[0]?.focus();
}

function place(menu, element, event) {
  const box = element.getBoundingClientRect();
  const x = event.clientX || box.left + 60;
  const y = event.clientY || Math.max(box.top, 0) + 20;
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(y, innerHeight - menu.offsetHeight - 8))}px`;
}

function items() {
  return [...byId("menu").querySelectorAll("[role=menuitem]")];
}

function close() {
  const menu = byId("menu");
  if (menu.hidden) return;
  menu.hidden = true;
  opener?.focus({ preventScroll: true });
}

export function setUpMenu() {
  byId("menu").addEventListener("keydown", (event) => {
    const all = items();
    const index = all.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) all[(index + step + all.length) % all.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!byId("menu").contains(event.target)) byId("menu").hidden = true;
  });
}
