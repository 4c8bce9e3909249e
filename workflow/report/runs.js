"use strict";
// Sorts and filters the table of runs, and draws the curves of those that are chosen. Without it the table is whole.
const table = document.getElementById("runs"), body = table.tBodies[0], rows = [...body.rows];
const curves = JSON.parse(document.getElementById("curves").textContent);
const search = document.getElementById("search"), count = document.getElementById("count");
const texts = rows.map((row) => row.textContent.toLowerCase());
const heads = [...table.tHead.rows[0].cells], order = document.getElementById("order");
const pickers = [...document.querySelectorAll("select[data-column]")];
document.getElementById("tools").hidden = false;

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  rows.forEach((row, i) => {
    const picked = pickers.every((p) => !p.value || row.cells[p.dataset.column].textContent.trim() === p.value);
    row.hidden = !(picked && words.every((word) => texts[i].includes(word)));
    shown += !row.hidden;
  });
  count.textContent = `${shown} of ${rows.length} runs`;
}

function sort(head) {
  const column = head.cellIndex, up = head.getAttribute("aria-sort") !== "ascending";
  heads.forEach((cell) => cell.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  const byText = (a, b) => a.localeCompare(b, "en", { numeric: true });
  const numeric = head.classList.contains("number");
  body.append(...[...body.rows].sort((one, two) => {
    const [a, b] = [key(one), key(two)];
    if (a === "" || b === "") return (a === "") - (b === ""); // what is missing stands last, whichever way
    return (up ? 1 : -1) * (numeric ? a - b : byText(a, b));
  }));
}

const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]; // Okabe and Ito 2008
let chart = null;
function draw() {
  const place = document.getElementById("chart");
  const chosen = rows.map((row, i) => [row, i]).filter(([row]) => row.querySelector("input").checked).map(([, i]) => curves[i]);
  chart?.destroy();
  chart = null;
  place.hidden = !chosen.length;
  if (!chosen.length) return;
  const data = uPlot.join(chosen.map((curve) => curve.points));
  const axes = [{ label: [...new Set(chosen.map((curve) => curve.x))].join(" / ") }, { label: [...new Set(chosen.map((curve) => curve.y))].join(" / "), size: 70 }];
  const series = [{ label: axes[0].label }, ...chosen.map((curve, i) => ({ label: curve.name, stroke: COLOURS[i % COLOURS.length], width: 2, spanGaps: true, dash: i < COLOURS.length ? undefined : [6, 3] }))];
  chart = new uPlot({ width: place.clientWidth, height: 340, scales: { x: { time: false } }, axes, series }, data, place);
}

pickers.forEach((picker) => {
  const values = new Set(rows.map((row) => row.cells[picker.dataset.column].textContent.trim()));
  [...values].sort().forEach((value) => picker.add(new Option(value, value)));
  picker.addEventListener("change", filter);
});
search.addEventListener("input", filter);
heads.forEach((head) => head.querySelector("button").addEventListener("click", () => sort(head)));
heads.forEach((head, column) => order.add(new Option(head.textContent.trim(), column)));
order.addEventListener("change", () => sort(heads[order.value])); // a narrow screen shows no heads
document.getElementById("turn").addEventListener("click", () => sort(heads[order.value]));
body.addEventListener("change", draw);
document.getElementById("none").addEventListener("click", () => { rows.forEach((row) => { row.querySelector("input").checked = false; }); draw(); });
window.addEventListener("resize", draw);
filter();
