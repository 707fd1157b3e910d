// Behind the scenes: the bot's process, the jobs' states, the video service's tasks, and what flows between them.
import { act } from "./api.js";
import { announce, byId, h, reconcile } from "./dom.js";

const KEEP = 200;
const shown = { bot: null, faults: [], jobs: new Map(), tasks: new Map(), flow: [] };
const part = {};

export function setUpPanel() {
  part.bot = h("div", { class: "bot" });
  part.jobs = h("ol", { class: "jobs" });
  part.tasks = h("ol", { class: "tasks" });
  part.fault = h("select", { id: "fault", onchange: () => command("fault", part.fault.value) });
  part.flow = h("ol", { class: "flow" });
  byId("panel").replaceChildren(
    h("h2", {}, "Behind the scenes", h("button", { class: "bare narrow", "aria-label": "Close", onclick: () => toggle(false) }, "✕")),
    h("section", { "aria-label": "Bot" }, h("h3", {}, "The bot"), part.bot),
    h("section", { "aria-label": "Jobs" }, h("h3", {}, "Jobs"), part.jobs),
    h("section", { "aria-label": "Video service" }, h("h3", {}, "The video service"), h("label", { class: "fault" }, "The next task ", part.fault), part.tasks),
    h("section", { "aria-label": "Requests" }, h("h3", {}, "Requests, newest first"), part.flow),
  );
  byId("show-panel").addEventListener("click", () => toggle());
  // beside the messages where there is room, over them only when asked for
  const wide = matchMedia("(min-width: 1100px)");
  wide.addEventListener("change", () => toggle(wide.matches));
  toggle(wide.matches);
  renderAll();
}

function toggle(open = !document.body.classList.contains("panel-open")) {
  document.body.classList.toggle("panel-open", open);
  byId("show-panel").setAttribute("aria-expanded", String(open));
}

export function onPanelEvent(event) {
  if (event.kind === "panel") {
    Object.assign(shown, { bot: event.bot, faults: event.faults, flow: event.flow.slice(-KEEP).reverse() });
    shown.jobs = new Map(event.jobs.map((job) => [job.id, job]));
    shown.tasks = new Map(event.tasks.map((task) => [task.id, task]));
    renderAll();
  } else if (event.kind === "flow") {
    shown.flow = [event.entry, ...shown.flow].slice(0, KEEP);
    renderFlow();
  } else if (event.kind === "bot") {
    shown.bot = event.bot;
    renderBot();
  } else if (event.kind === "job") {
    shown.jobs.set(event.job.id, event.job);
    renderJobs();
  } else if (event.kind === "task") {
    shown.tasks.set(event.task.id, event.task);
    renderTasks();
  }
}

function renderAll() {
  const chosen = part.fault.value;
  const options = [["", "goes well"], ...shown.faults];
  part.fault.replaceChildren(...options.map(([value, words]) => h("option", { value }, words)));
  part.fault.value = options.some(([value]) => value === chosen) ? chosen : "";
  part.fault.parentElement.hidden = shown.faults.length === 0;
  renderBot();
  renderJobs();
  renderTasks();
  renderFlow();
}

function renderBot() {
  const { bot } = shown;
  part.bot.dataset.state = bot ? bot.state : "none";
  if (!bot) return part.bot.replaceChildren(h("p", { class: "subtext" }, "It was not started from here."));
  const running = bot.state === "running";
  const button = (label, action, enabled, title) => h("button", { class: "button secondary", disabled: !enabled, title, onclick: () => command(action) }, label);
  part.bot.replaceChildren(
    h("p", {}, h("span", { class: `lamp ${bot.state}`, "aria-hidden": true }), bot.text),
    bot.errors?.length ? h("pre", { class: "errors" }, bot.errors.join("\n")) : "",
    h("div", { class: "row" },
      button("Kill bot", "kill", bot.state !== "stopped", "kill -9: no chance to finish anything"),
      button("Stop bot", "stop", running, "SIGTERM: stop in good order"),
      button("Restart bot", "restart", bot.state !== "starting", "Start it again on the same data")),
  );
}

async function command(action, value = "") {
  try {
    await act("bot", { action, value });
  } catch (error) {
    announce(error.message);
  }
}

const newestFirst = (map) => [...map.values()].reverse();

function renderJobs() {
  const jobs = newestFirst(shown.jobs);
  reconcile(part.jobs, jobs.map((job) => [job.id, JSON.stringify(job), () => renderJob(job)]));
  if (!jobs.length) part.jobs.replaceChildren(h("li", { class: "subtext" }, "None yet. Type /luma modify."));
}

function renderJob(job) {
  const states = job.states.map(({ state }, at) => h("span", { class: `state ${state}`, data: { state }, "aria-current": at === job.states.length - 1 && "step" }, state));
  return h("li", { data: { job: job.id } }, h("code", {}, job.id), h("span", { class: "states" }, states), job.note && h("small", { class: "subtext" }, job.note));
}

function renderTasks() {
  const tasks = newestFirst(shown.tasks);
  reconcile(part.tasks, tasks.map((task) => [task.id, JSON.stringify(task), () => renderTask(task)]));
  if (!tasks.length) part.tasks.replaceChildren(h("li", { class: "subtext" }, "No task yet."));
}

function renderTask(task) {
  const did = task.edits?.length && h("ul", {}, task.edits.map((edit) => h("li", {}, edit)));
  return h("li", {}, h("span", { class: `state ${task.state}` }, task.state), " ", h("q", {}, task.prompt), did, task.note && h("small", { class: "subtext" }, task.note));
}

function renderFlow() {
  reconcile(part.flow, shown.flow.map((entry) => [String(entry.id), "", () => renderEntry(entry)]));
}

function renderEntry(entry) {
  const bad = entry.status >= 400 || entry.status === 0;
  const status = entry.status !== null && h("span", { class: bad ? "status bad" : "status" }, entry.status === 0 ? "dropped" : entry.status);
  const line = [h("span", { class: "way" }, `${entry.from} → ${entry.to}`), " ", h("code", {}, entry.title), " ", status];
  if (!entry.detail) return h("li", {}, h("p", {}, line));
  return h("li", {}, h("details", {}, h("summary", {}, line), h("pre", {}, entry.detail)));
}
