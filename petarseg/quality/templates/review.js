"use strict";
// Review of lesions: decisions stay in this browser until they are downloaded as a file. Nothing is sent anywhere.
const page = document.documentElement.dataset;
const storageKey = `petarseg-review:${page.name}:${page.version}`;
const articles = new Map([...document.querySelectorAll("article[data-lesion]")].map((a) => [a.dataset.lesion, a]));
const stateCells = new Map([...document.querySelectorAll("td[data-state]")].map((c) => [c.dataset.state, c]));
const reviewer = document.getElementById("reviewer");
const progress = document.getElementById("progress");

function readDraft() {
  try { return JSON.parse(localStorage.getItem(storageKey)) || {}; } catch { return {}; }
}

const made = new Map();

function judge(article) {
  const lesion = article.dataset.lesion;
  const chosen = article.querySelector("input[type=radio]:checked");
  const comment = article.querySelector("textarea").value.trim();
  if (chosen || comment) made.set(lesion, { lesion_id: lesion, decision: chosen ? chosen.value : "comment", comment });
  else made.delete(lesion);
  article.dataset.decision = made.get(lesion)?.decision || "";
  const cell = stateCells.get(lesion);
  if (cell) cell.textContent = article.dataset.decision;
}

function decisions() {
  return [...made.values()].sort((a, b) => (a.lesion_id < b.lesion_id ? -1 : 1));
}

function review() {
  return { format: "petarseg-review-1", dataset: page.name, version: page.version, reviewer: reviewer.value.trim(), decisions: decisions() };
}

function show() {
  const judged = [...made.values()].filter((d) => d.decision !== "comment").length;
  progress.textContent = `${judged} of ${articles.size} lesions judged`;
}

function restore(saved) {
  reviewer.value = saved.reviewer || "";
  for (const item of saved.decisions || []) {
    const article = articles.get(item.lesion_id);
    if (!article) continue;
    for (const radio of article.querySelectorAll("input[type=radio]")) radio.checked = radio.value === item.decision;
    article.querySelector("textarea").value = item.comment || "";
    judge(article);
  }
  show();
}

function changed(article) {
  if (article) judge(article);
  show();
  try { localStorage.setItem(storageKey, JSON.stringify(review())); } catch { /* private window: the download still works */ }
}

function download() {
  const link = document.createElement("a");
  const who = reviewer.value.trim().replace(/[^A-Za-z0-9]+/g, "") || "reviewer";
  link.href = URL.createObjectURL(new Blob([JSON.stringify(review(), null, 1) + "\n"], { type: "application/json" }));
  link.download = `review-${page.version}-${who}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function sortBy(button) {
  const head = button.closest("th");
  const body = head.closest("table").tBodies[0];
  const column = head.cellIndex;
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
  const numeric = head.classList.contains("n");
  const rows = [...body.rows].sort((a, b) =>
    numeric ? Number(value(a)) - Number(value(b)) : value(a).localeCompare(value(b), "en", { numeric: true }));
  body.append(...(up ? rows : rows.reverse()));
}

function filterRows(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of document.querySelectorAll("#lesions tbody tr")) {
    const content = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => content.includes(word));
  }
}

// Exams come in pages: a browser need not lay out a thousand of them to show one.
const PAGE = 20;
const cases = [...document.querySelectorAll("section.case")];
let current = 0;

function turnTo(number) {
  current = Math.max(0, Math.min(number, Math.ceil(cases.length / PAGE) - 1));
  cases.forEach((section, index) => { section.hidden = Math.floor(index / PAGE) !== current; });
  const last = Math.min((current + 1) * PAGE, cases.length);
  for (const place of document.querySelectorAll(".place")) place.textContent = `exams ${cases.length ? current * PAGE + 1 : 0} to ${last} of ${cases.length}`;
  for (const button of document.querySelectorAll("button[data-turn]")) {
    button.disabled = button.dataset.turn < 0 ? current === 0 : last === cases.length;
  }
}

function goTo(id) {
  const target = document.getElementById(id);
  const section = target && target.closest("section.case");
  if (!section) return false;
  turnTo(Math.floor(cases.indexOf(section) / PAGE));
  target.scrollIntoView();
  if (target.matches("article")) target.focus({ preventScroll: true });
  return true;
}

function nextOpen() {
  const ids = [...articles.keys()];
  const here = ids.indexOf(document.activeElement?.closest?.("article")?.dataset.lesion);
  const open = [...ids.slice(here + 1), ...ids.slice(0, here + 1)].find((id) => !made.has(id));
  if (open) goTo(open); else progress.textContent = "every lesion has a decision";
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("textarea, input:not([type=radio])")) return;
  const article = document.activeElement?.closest?.("article");
  if (event.key === "n") nextOpen();
  else if (article && (event.key === "a" || event.key === "r")) {
    article.querySelector(`input[value=${event.key === "a" ? "accept" : "reject"}]`).click();
  } else return;
  event.preventDefault();
});
window.addEventListener("hashchange", () => goTo(location.hash.slice(1)));

document.addEventListener("change", (event) => {
  if (event.target.id === "goto") goTo(event.target.value.trim());
  else if (event.target.closest("article[data-lesion], #toolbar")) changed(event.target.closest("article[data-lesion]"));
});
document.addEventListener("input", (event) => {
  if (event.target.id === "filter") filterRows(event.target.value);
  else if (event.target.matches("textarea")) changed(event.target.closest("article"));
});
document.addEventListener("click", (event) => {
  if (event.target.matches("th button")) sortBy(event.target);
  else if (event.target.id === "download") download();
  else if (event.target.id === "next") nextOpen();
  else if (event.target.matches("button[data-turn]")) {
    turnTo(current + Number(event.target.dataset.turn));
    document.getElementById("exams").scrollIntoView();
  } else if (event.target.matches('a[href^="#"]')) {
    if (goTo(event.target.hash.slice(1))) event.preventDefault();
  }
  else if (event.target.matches("button.clear")) {
    const article = event.target.closest("article");
    for (const radio of article.querySelectorAll("input[type=radio]")) radio.checked = false;
    article.querySelector("textarea").value = "";
    changed(article);
  }
});
document.getElementById("upload").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  try { restore(JSON.parse(await file.text())); changed(); } catch { progress.textContent = `${file.name} is not a decisions file`; }
});
restore(readDraft());
turnTo(0);
if (location.hash) goTo(location.hash.slice(1));
