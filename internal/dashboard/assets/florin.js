// Makes pages nicer for who has scripts: amounts and times as the reader
// writes them, and charts. Nothing rests on it.
"use strict";

const locale = navigator.language;

function amounts(root) {
  for (const node of root.querySelectorAll("data.money:not([data-done])")) {
    const currency = node.dataset.currency;
    try {
      // A decimal as text is exact; digits are the currency's own.
      node.textContent = new Intl.NumberFormat(locale, {style: "currency", currency}).format(node.value);
    } catch { continue; }
    node.dataset.done = "";
  }
}

function times(root) {
  const format = new Intl.DateTimeFormat(locale, {dateStyle: "medium", timeStyle: "medium"});
  for (const node of root.querySelectorAll("time:not([data-done])")) {
    node.title = node.textContent;
    node.textContent = format.format(new Date(node.dateTime));
    node.dataset.done = "";
  }
}

function charts(root) {
  for (const node of root.querySelectorAll("[data-chart]:not([data-done])")) {
    node.dataset.done = "";
    const data = JSON.parse(node.dataset.chart);
    const ink = getComputedStyle(node);
    const color = name => ink.getPropertyValue(name).trim();
    const money = new Intl.NumberFormat(locale, {style: "currency", currency: data.currency, maximumFractionDigits: 0});
    const axis = {stroke: ink.color, grid: {stroke: "#8883"}, ticks: {stroke: "#8883"}};
    const plot = new uPlot({
      width: node.clientWidth, height: 280,
      scales: {count: {range: (_, min, max) => [0, Math.max(max, 5)]}, money: {range: (_, min, max) => [0, Math.max(max, 1)]}},
      axes: [axis,
        {...axis, scale: "money", size: 80, values: (_, ticks) => ticks.map(t => money.format(t))},
        {...axis, scale: "count", side: 1, grid: {show: false}}],
      series: [{},
        {label: "paid", scale: "money", stroke: color("--florin-good"), fill: "#0a6b3d22", width: 2, value: (_, v) => v == null ? "–" : money.format(v)},
        {label: "failed", scale: "count", stroke: color("--florin-bad"), width: 2, dash: [4, 4]}],
    }, [data.days, data.volume.map(Number), data.failed], node);
    addEventListener("resize", () => plot.setSize({width: node.clientWidth, height: 280}));
  }
}

function polish(root) {
  amounts(root);
  times(root);
  charts(root);
}

polish(document);
document.addEventListener("htmx:after:swap", event => polish(event.target instanceof Element ? event.target : document));
