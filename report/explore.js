"use strict";
// Each figure that has its numbers in the page can be looked at closely: values
// under the pointer, zoom, series on and off. Without this script nothing is missing but that.
(() => {
  const source = document.getElementById("figures");
  if (!source || typeof HTMLDialogElement === "undefined") return;
  const figures = JSON.parse(source.textContent);
  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  const title = make("h2", { id: "explorer-title" });
  const close = make("button", { type: "button", textContent: "Close", className: "button" });
  const again = make("button", { type: "button", textContent: "Whole range", className: "button" });
  const plot = make("div", { className: "plot" });
  const hint = make("p", { className: "hint", textContent: "Point or use the arrow keys to read values, drag to zoom, choose a name to hide or show its line." });
  const dialog = make("dialog", { className: "explorer" }, make("header", {}, title, again, close), plot, hint);
  dialog.setAttribute("aria-labelledby", title.id);
  document.body.append(dialog);

  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim() || "#555";
  const plain = (value) => String(Number(value.toPrecision(3)));
  const latency = (ms) => (ms < 0.9995 ? plain(ms * 1000) + " µs" : ms < 999.5 ? plain(ms) + " ms" : plain(ms / 1000) + " s");
  const print = (unit, value) => {
    if (value === null || value === undefined) return "–";
    switch (unit) {
      case "ms": return latency(value);
      case "nines": return "p" + String(Number((100 * (1 - 10 ** -value)).toFixed(Math.max(2, Math.ceil(value)))));
      case "/s": case "%": return plain(value) + unit;
      case "": return plain(value);
      default: return plain(value) + " " + unit;
    }
  };
  // clock is an instant as h:mm:ss from a minute on, to the tenth of a second.
  const clock = (seconds) => {
    const whole = Math.round(Math.abs(seconds) * 10) / 10, sign = seconds < 0 && whole > 0 ? "−" : "";
    if (whole < 60) return sign + whole + " s";
    const pad = (n) => (n < 10 ? "0" : "") + n;
    const h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = Math.round((whole % 60) * 10) / 10;
    return sign + (h > 0 ? h + ":" + pad(m) : m) + ":" + pad(s);
  };
  const across = (unit, value) => (unit === "s" ? clock(value) : print(unit, value));

  // shades draws phases that do not count, what was done to the cluster, and moments.
  const shades = (data) => (u) => {
    const { ctx } = u, { left, top, width, height } = u.bbox;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    const fill = (from, to, colour) => {
      const a = u.valToPos(from, "x", true), b = u.valToPos(to, "x", true);
      ctx.fillStyle = colour;
      ctx.fillRect(a, top, Math.max(b - a, 2), height);
    };
    for (const band of data.bands || []) if (band.Name !== "measure") fill(band.From, band.To, ink("band"));
    for (const span of data.spans || []) fill(span.From, span.To, ink("fault"));
    ctx.strokeStyle = ink("red");
    ctx.setLineDash([6, 6]);
    for (const mark of data.marks || []) {
      const at = u.valToPos(mark, "x", true);
      ctx.beginPath();
      ctx.moveTo(at, top);
      ctx.lineTo(at, top + height);
      ctx.stroke();
    }
    ctx.restore();
  };

  let chart = null, data = null, whole = null;
  const size = () => ({ width: plot.clientWidth, height: Math.max(220, Math.min(520, innerHeight - 280)) });
  const draw = () => {
    if (chart) chart.destroy();
    // Before a line begins and after it has ended nothing is known: the nearest value is then none.
    const all = data.series.flatMap((s) => s.at), beyond = (Math.max(...all) - Math.min(...all) || 1) * 1e-6;
    const tables = data.series.map((s) => [[s.at[0] - beyond, ...s.at, s.at.at(-1) + beyond], [null, ...s.values, null]]);
    const axis = (unit, printed) => ({
      stroke: ink("muted"), font: "12px system-ui, sans-serif", size: unit === "x" ? 36 : 64,
      grid: { stroke: ink("grid"), width: 1 }, ticks: { stroke: ink("grid"), width: 1 }, values: (_, all) => all.map(printed),
    });
    chart = new uPlot({
      ...size(),
      scales: { x: { time: false }, y: data.y.log ? { distr: 3 } : { range: (_, low, high) => [Math.min(0, low), (high || 1) * 1.05] } },
      axes: [axis("x", (v) => across(data.x.unit, v)), axis("y", (v) => (v === null ? "" : print(data.y.unit, v)))],
      series: [
        { label: data.x.label || "at", value: (_, v) => (v === null ? "–" : across(data.x.unit, v)) },
        ...data.series.map((s) => ({
          label: s.name, stroke: ink(s.ink), width: s.dashed ? 1.25 : 2, dash: s.dashed ? [6, 4] : undefined, spanGaps: data.x.unit === "nines",
          value: (u, v, _, at) => print(data.y.unit, v) + (v !== null && s.enough !== undefined && u.data[0][at] > s.enough ? " (few samples)" : ""),
        })),
      ],
      hooks: { drawClear: [shades(data)] },
    }, uPlot.join(tables), plot);
    whole = { min: chart.scales.x.min, max: chart.scales.x.max };
    for (const name of plot.querySelectorAll(".u-series:not(:first-child) th")) {
      name.tabIndex = 0;
      name.setAttribute("role", "button");
      name.setAttribute("aria-pressed", "true");
      name.addEventListener("click", () => setTimeout(() => name.setAttribute("aria-pressed", String(!name.parentElement.classList.contains("u-off")))));
      name.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        name.click();
      });
    }
  };
  const open = (id, caption) => {
    data = figures[id];
    title.textContent = caption + (data.heat ? " – its lines" : "");
    dialog.showModal();
    draw();
  };
  close.addEventListener("click", () => dialog.close());
  again.addEventListener("click", () => chart.setScale("x", whole));
  // Only what begins and ends beside the dialog closes it: a drag may leave the plot.
  const beside = (event) => {
    const box = dialog.getBoundingClientRect();
    return event.target === dialog && (event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom);
  };
  let pressed = false;
  dialog.addEventListener("pointerdown", (event) => { pressed = beside(event); });
  dialog.addEventListener("click", (event) => { if (pressed && beside(event)) dialog.close(); });
  // The arrow keys read one value after the other.
  plot.tabIndex = 0;
  plot.setAttribute("role", "group");
  plot.setAttribute("aria-label", "Plot; the arrow keys read its values");
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !chart) return;
    event.preventDefault();
    const xs = chart.data[0], { min, max } = chart.scales.x;
    let at = chart.cursor.idx ?? (step > 0 ? -1 : xs.length);
    do at += step; while (at >= 0 && at < xs.length && (xs[at] < min || xs[at] > max || chart.data.slice(1).every((values) => values[at] == null)));
    if (at < 0 || at >= xs.length) return;
    chart.setCursor({ left: chart.valToPos(xs[at], "x"), top: chart.bbox.height / devicePixelRatio / 2 });
  });
  dialog.addEventListener("close", () => { if (chart) chart.destroy(); chart = null; });
  addEventListener("resize", () => { if (chart) chart.setSize(size()); });

  for (const id of Object.keys(figures)) {
    const figure = document.getElementById(id);
    const text = figure && figure.querySelector("figcaption");
    if (!text) continue;
    const place = figure.dataset.title || text.textContent;
    const button = make("button", { type: "button", className: "explore", textContent: "Explore" });
    button.setAttribute("aria-label", "Explore: " + place);
    button.addEventListener("click", () => open(id, place));
    text.append(button);
  }
})();
