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

function decisions() {
  const found = [];
  for (const [lesion, article] of articles) {
    const chosen = article.querySelector("input[type=radio]:checked");
    const comment = article.querySelector("textarea").value.trim();
    if (chosen || comment) found.push({ lesion_id: lesion, decision: chosen ? chosen.value : "comment", comment });
  }
  return found.sort((a, b) => (a.lesion_id < b.lesion_id ? -1 : 1));
}

function review() {
  return { format: "petarseg-review-1", dataset: page.name, version: page.version, reviewer: reviewer.value.trim(), decisions: decisions() };
}

function show() {
  const made = new Map(decisions().map((d) => [d.lesion_id, d.decision]));
  for (const [lesion, cell] of stateCells) cell.textContent = made.get(lesion) || "";
  for (const [lesion, article] of articles) article.dataset.decision = made.get(lesion) || "";
  const judged = [...made.values()].filter((d) => d !== "comment").length;
  progress.textContent = `${judged} of ${articles.size} lesions judged`;
}

function restore(saved) {
  reviewer.value = saved.reviewer || "";
  for (const item of saved.decisions || []) {
    const article = articles.get(item.lesion_id);
    if (!article) continue;
    for (const radio of article.querySelectorAll("input[type=radio]")) radio.checked = radio.value === item.decision;
    article.querySelector("textarea").value = item.comment || "";
  }
  show();
}

function changed() {
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

document.addEventListener("change", (event) => { if (event.target.closest("article[data-lesion], #toolbar")) changed(); });
document.addEventListener("input", (event) => {
  if (event.target.id === "filter") filterRows(event.target.value);
  else if (event.target.matches("textarea")) changed();
});
document.addEventListener("click", (event) => {
  if (event.target.matches("th button")) sortBy(event.target);
  else if (event.target.id === "download") download();
  else if (event.target.matches("button.clear")) {
    const article = event.target.closest("article");
    for (const radio of article.querySelectorAll("input[type=radio]")) radio.checked = false;
    article.querySelector("textarea").value = "";
    changed();
  }
});
document.getElementById("upload").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  try { restore(JSON.parse(await file.text())); changed(); } catch { progress.textContent = `${file.name} is not a decisions file`; }
});
restore(readDraft());
