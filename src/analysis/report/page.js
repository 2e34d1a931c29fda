"use strict";

// Figures: pointing at a curve names it, gives its values and fades the others; the legend hides schedules everywhere.
(() => {
  const REACH = 28; // pixels between the pointer and a curve that it points at
  const NUMBER = /-?\d+(?:\.\d+)?/g;
  const series = [...document.querySelectorAll("[data-series]")];
  const tip = document.body.appendChild(document.createElement("div"));
  tip.className = "tip";
  tip.hidden = true;

  const highlight = (key) => {
    for (const part of series) part.classList.toggle("faded", key !== null && part.dataset.series !== key);
  };

  const toggle = (key) => {
    let isShown = false;
    for (const button of document.querySelectorAll(".legend button")) {
      if (button.dataset.key !== key) continue;
      isShown = button.getAttribute("aria-pressed") === "false";
      button.setAttribute("aria-pressed", isShown);
    }
    for (const part of series) {
      if (part.dataset.series === key && part.closest(".panel")) part.classList.toggle("hidden", !isShown);
    }
  };

  for (const entry of document.querySelectorAll(".legend .entry")) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.key = entry.dataset.key;
    button.title = "Show or hide this schedule in all figures";
    button.setAttribute("aria-pressed", "true");
    button.append(...entry.childNodes);
    entry.replaceWith(button);
    button.addEventListener("click", () => toggle(button.dataset.key));
    for (const type of ["pointerenter", "focus"]) button.addEventListener(type, () => highlight(button.dataset.key));
    for (const type of ["pointerleave", "blur"]) button.addEventListener(type, () => highlight(null));
  }

  // The corners of a series' line and its markers, in the units of the panel.
  const shapeOf = (part, [left, top, right, bottom]) => {
    const isInside = ([x, y]) => x >= left - 1 && x <= right + 1 && y >= top - 1 && y <= bottom + 1;
    const lines = [...part.querySelectorAll("path")].filter((path) => path.style.fill === "none").map((path) => {
      const numbers = path.getAttribute("d").match(NUMBER).map(Number);
      return Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i], numbers[2 * i + 1]]);
    });
    const uses = [...part.querySelectorAll("use")].map((use) => [Number(use.getAttribute("x")), Number(use.getAttribute("y"))]);
    return { key: part.dataset.series, part, lines, markers: uses.filter(isInside) };
  };

  const closestOn = ([x, y], [ax, ay], [bx, by]) => {
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    const share = length ? Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length)) : 0;
    return [ax + share * (bx - ax), ay + share * (by - ay)];
  };

  // The place of a series next to the pointer: a marker if it has any, otherwise any place on its line.
  const nearest = (pointer, { lines, markers }) => {
    let best = { distance: Infinity, place: null };
    const consider = (place) => {
      const distance = Math.hypot(place[0] - pointer[0], place[1] - pointer[1]);
      if (distance < best.distance) best = { distance, place };
    };
    for (const line of lines) {
      for (let i = 1; i < line.length; i++) consider(closestOn(pointer, line[i - 1], line[i]));
    }
    const { distance } = best;
    if (markers.length) {
      best = { distance: Infinity, place: null };
      markers.forEach(consider);
      best.distance = Math.min(distance, best.distance);
    }
    return best;
  };

  const valueAt = (scale, share) => {
    const [start, end] = scale.limits;
    return scale.kind === "log" ? start * (end / start) ** share : start + share * (end - start);
  };

  const describe = (scales, [left, top, right, bottom], [x, y]) => {
    const shares = { x: (x - left) / (right - left), y: (bottom - y) / (bottom - top) };
    return ["x", "y"].filter((axis) => scales[axis]).map((axis) => {
      const number = Number(valueAt(scales[axis], shares[axis]).toPrecision(4));
      return `${scales[axis].label} ${number}`.trim();
    });
  };

  const show = (event, name, lines) => {
    const title = document.createElement("b");
    title.textContent = name;
    tip.replaceChildren(title, lines.join(" · "));
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 4))}px`;
    tip.style.top = `${Math.max(4, event.clientY - height - 14)}px`;
  };

  const leave = () => {
    tip.hidden = true;
    highlight(null);
  };

  for (const panel of document.querySelectorAll(".panel")) {
    const scales = JSON.parse(panel.dataset.scales);
    if (!scales.frame) continue;
    const names = JSON.parse(panel.parentElement.dataset.names);
    let shapes = null;
    const point = (event) => {
      shapes ??= [...panel.querySelectorAll("[data-series]")].map((part) => shapeOf(part, scales.frame));
      const matrix = panel.getScreenCTM();
      const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
      const visible = shapes.filter(({ part }) => !part.classList.contains("hidden"));
      const hits = visible.map((shape) => ({ key: shape.key, ...nearest([x, y], shape) }));
      const hit = hits.reduce((best, other) => (other.distance < best.distance ? other : best), { distance: Infinity });
      if (hit.distance * matrix.a > REACH) return leave();
      highlight(hit.key);
      show(event, names[hit.key] ?? hit.key.replace("series-", ""), describe(scales, scales.frame, hit.place));
    };
    panel.addEventListener("pointermove", point);
    panel.addEventListener("pointerdown", point);
    panel.addEventListener("pointerleave", leave);
  }
})();

// Figures on a phone: boxes for larger text, see page_phone.py.
(() => {
  const phone = matchMedia("(max-width: 30rem)");
  const panels = [...document.querySelectorAll(".panel[data-phone]")].map((panel) => [panel, panel.getAttribute("viewBox")]);
  const fit = () => {
    document.documentElement.classList.toggle("phone", phone.matches);
    for (const [panel, box] of panels) panel.setAttribute("viewBox", phone.matches ? panel.dataset.phone : box);
  };
  phone.addEventListener("change", fit);
  fit();
})();

// Lists of runs: sorted by any column, filtered by words, and drawn as they are scrolled to, because there may be 10,000.
(() => {
  const BATCH = 200; // rows
  const order = new Intl.Collator("en", { numeric: true });
  const compare = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? order.compare(a, b) : x - y;
  };

  const enliven = (table) => {
    const body = table.tBodies[0];
    const box = table.parentElement;
    const rows = [...body.rows].map((row) => ({ row, cells: [...row.cells].map((cell) => cell.textContent.trim()) }));
    for (const entry of rows) entry.text = entry.cells.join(" ").toLowerCase();
    let shown = rows;
    let sorting = { column: -1, sign: 1 };

    const controls = document.createElement("p");
    const label = document.createElement("label");
    const input = document.createElement("input");
    const count = document.createElement("span");
    controls.className = "controls";
    count.setAttribute("role", "status");
    input.type = "search";
    input.placeholder = "for example: cosine diverged";
    label.append("Filter by words ", input);
    controls.append(label, count);
    box.before(controls);

    const drawMore = () => {
      const start = body.rows.length;
      body.append(...shown.slice(start, start + BATCH).map(({ row }) => row));
    };
    const update = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      shown = rows.filter(({ text }) => words.every((word) => text.includes(word)));
      const { column, sign } = sorting;
      const isMissing = ({ cells }) => cells[column] === "–" || cells[column] === "";
      if (column >= 0) {
        shown.sort((a, b) => isMissing(a) - isMissing(b) || sign * compare(a.cells[column], b.cells[column]));
      }
      const total = rows.length === 1 ? "1 run" : `${rows.length.toLocaleString("en")} runs`;
      count.textContent = shown.length === rows.length ? total : `${shown.length.toLocaleString("en")} of ${total}`;
      body.replaceChildren();
      box.scrollTop = 0;
      drawMore();
    };
    const sortBy = (header) => {
      const isRepeated = sorting.column === header.cellIndex;
      sorting = { column: header.cellIndex, sign: isRepeated ? -sorting.sign : 1 };
      for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", sorting.sign > 0 ? "ascending" : "descending");
      update();
    };

    for (const header of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => sortBy(header));
    }
    input.addEventListener("input", update);
    box.addEventListener("scroll", () => {
      if (box.scrollTop + 2 * box.clientHeight > box.scrollHeight) drawMore();
    });
    addEventListener("beforeprint", () => body.append(...shown.slice(body.rows.length).map(({ row }) => row)));
    update();
  };

  document.querySelectorAll("table.runs").forEach(enliven);
})();
