// Draws the charts from the numbers in the page. Nothing here is loaded from anywhere.
(async () => {
  "use strict";
  // What is compressed in the page.
  async function text_in(id) {
    const text = document.getElementById(id).textContent;
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).text();
  }
  async function unpacked(id) {
    return document.getElementById(id).textContent ? JSON.parse(await text_in(id)) : null;
  }
  const bokeh = document.createElement("script");
  bokeh.textContent = await text_in("bokeh");
  document.head.append(bokeh);
  // One format of numbers in all of the page.
  const counted = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");
  const percent = (share) => `${(100 * share).toFixed(2)} %`;
  const overview = JSON.parse(document.getElementById("overview").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  // The colours of Okabe and Ito, which everybody can tell apart; a falling candle is also filled, a rising one is not.
  const palettes = {
    light: {text: "#1c2026", line: "#d5d9df", rising: "#0072b2", falling: "#d55e00", ground: "#ffffff",
            windows: ["#000000", "#009e73", "#cc79a7", "#d55e00", "#0072b2"],
            bar: "#56b4e9", edge: "#0072b2", mark: "#009e73"},
    dark: {text: "#e8eaed", line: "#363d47", rising: "#56b4e9", falling: "#e69f00", ground: "#14171c",
           windows: ["#ffffff", "#f0e442", "#cc79a7", "#009e73", "#56b4e9"],
           bar: "#0072b2", edge: "#56b4e9", mark: "#009e73"},
  };
  const MOST_BARS = 128;
  const field = (name) => ({field: name});
  // What is missing, or beyond the floats, is left out of the chart.
  const number = (text) => text === null || !Number.isFinite(Number(text)) ? NaN : Number(text);
  function moment(text) {
    // Seconds, milliseconds, microseconds or nanoseconds since 1970; anything else is shown as it is written.
    const digits = /^\d+$/.test(text) ? {10: 1e3, 13: 1, 16: 1e-3, 19: 1e-6}[text.length] : undefined;
    return digits ? new Date(Number(text) * digits).toISOString().slice(0, 19).replace("T", " ") : text;
  }
  // Charts of the same rows are a group: they are zoomed together, and forgotten together.
  const groups = {stream: {}, key: {}, ranks: {}};
  for (const group of Object.values(groups)) Object.assign(group, {ranges: [], changing: [], labels: {}, first: 0, last: 1});
  const paint = () => {
    const palette = dark.matches ? palettes.dark : palettes.light;
    for (const {changing} of Object.values(groups)) for (const change of changing) change(palette);
  };
  let group = groups.stream;  // of the charts that are being made
  const themed = (model, attributes) => group.changing.push((palette) => Object.assign(model, attributes(palette)));

  const {Plotting, Range1d, ColumnDataSource, CustomJSTickFormatter, HoverTool, Span, NumeralTickFormatter, Legend,
         BasicTicker, BasicTickFormatter, BooleanFilter, CDSView, WheelZoomTool} = Bokeh;
  Bokeh.logger.set_level("warn");
  const touch = matchMedia("(pointer: coarse)").matches;

  function chart(id, title, height, what = "row") {
    const x_range = new Range1d({start: group.first, end: group.last});  // of its own: each chart is a document
    group.ranges.push(x_range);
    const figure = Plotting.figure({
      x_range, height, sizing_mode: "stretch_width", tools: "xpan,xwheel_zoom,xzoom_in,xzoom_out,xbox_zoom,reset,save",
      active_drag: touch ? null : "xbox_zoom", active_scroll: touch ? null : "xwheel_zoom", toolbar_location: "above",
      background_fill_color: null, border_fill_color: null, outline_line_color: null,
      min_border_left: 70, min_border_right: 32, name: id, output_backend: "canvas",
      // Bokeh's note on what the wheel needs is in colours of its own, which are those of a light page.
      stylesheets: [".bk-Panel { color: var(--text); background-color: var(--ground); }"],
    });
    // The wheel alone scrolls the page, also where it meets a chart.
    for (const tool of figure.toolbar.tools) if (tool instanceof WheelZoomTool) tool.modifiers = {ctrl: true};
    figure.toolbar.logo = null;
    figure.add_layout(new Legend({}), "above");
    figure.xaxis.ticker = new BasicTicker({desired_num_ticks: innerWidth < 600 ? 3 : 6});
    figure.yaxis.formatter = new BasicTickFormatter({use_scientific: false});
    figure.xaxis.formatter = new CustomJSTickFormatter({code: `return stream_signal_report.label("${id}", tick)`});
    figure.xaxis.axis_label = what;
    figure.yaxis.axis_label = title;
    for (const axis of [figure.xaxis, figure.yaxis]) {
      themed(axis, ({text, line}) => ({axis_label_text_color: text, major_label_text_color: text, axis_line_color: line,
                                       major_tick_line_color: line, minor_tick_line_color: null,
                                       axis_label_text_font_style: "normal"}));
    }
    for (const grid of [figure.xgrid, figure.ygrid]) themed(grid, ({line}) => ({grid_line_color: line}));
    return figure;
  }

  // The vertical axis has the range that `range_of` finds for what is in view, whatever changes the view. A box that is
  // dragged writes the range of both axes, so the vertical one is watched, too.
  function fit(figure, range_of) {
    const y_range = figure.y_range = new Range1d({start: 0, end: 1});
    const adjust = () => {
      const [start, end] = range_of(figure.x_range.start, figure.x_range.end) ?? [y_range.start, y_range.end];
      if (y_range.start !== start || y_range.end !== end) y_range.setv({start, end});
    };
    adjust();
    for (const range of [figure.x_range, y_range]) range.change.connect(adjust);
  }

  // Bars of which only those in view are drawn: Bokeh draws one beyond it as a line along the edge of the chart.
  function bars_in_view(figure, source, attributes, is_one = () => true) {
    const filter = new BooleanFilter();
    const look = () => {
      const {x, width} = source.data;
      const {start, end} = figure.x_range;
      filter.booleans = Array.from(x, (x, at) => is_one(at) && x + width[at] / 2 > start && x - width[at] / 2 < end);
    };
    look();
    for (const {change} of [figure.x_range, source.properties.data]) change.connect(look);
    return figure.vbar({x: field("x"), width: field("width"), source, view: new CDSView({filter}), ...attributes});
  }

  function dress_legend(figure) {
    figure.legend.orientation = "horizontal";
    if (innerWidth < 600) figure.legend.ncols = 2;
    figure.legend.click_policy = "hide";
    themed(figure.legend, ({text}) => ({label_text_color: text, background_fill_color: null,
                                                      border_line_color: null}));
  }

  // The charts of one series of buckets; they join the group.
  function series(data) {
    const count = data.row.length;
    const center = data.row.map((row, at) => row + (data.rows[at] - 1) / 2);
    const end = data.row.map((row, at) => row + data.rows[at] - 1);
    const first = data.row[0] - 0.5;
    const last = end[count - 1] + 0.5;

    const moments = data.time.map(moment);

    function label(row) {
      const at = Math.floor((row - data.row[0]) / data.size);
      if (at < 0 || at >= count || row !== Math.round(row)) return "";
      const text = moments[at].replace("T", " ").slice(0, 16);
      return text && (data.size === 1 || data.row[at] === row || data.size * 20 < last - first)
        ? `${row}\n${text.replace(" ", "\n")}` : String(row);
    }

    Object.assign(group, {first, last, label});

    function price() {
      const figure = chart("price", "price", touch ? 320 : 400);
      const closes = {};
      for (const name of ["first", "last", "low", "high"]) closes[name] = data[name].map(number);
      const means = data.means.map((mean) => mean.map(number));
      const texts = Object.fromEntries(["first", "last", "low", "high"].map((name) => [`${name}_text`, data[name]]));
      const source = new ColumnDataSource({name: "buckets", data: {
        x: center, end, row: data.row, width: data.rows.map((rows) => 0.7 * rows), time: moments, ...closes, ...texts,
        top: closes.first.map((one, at) => Math.max(one, closes.last[at])),
        bottom: closes.first.map((one, at) => Math.min(one, closes.last[at])),
        rows: data.rows, missing: data.missing, signals: data.signals[0], mean: means[0],
        mean_text: data.means[0].map((mean) => mean === null ? "" : String(mean)),
      }});
      data.windows.forEach((window, at) => {
        const mean = new ColumnDataSource({name: `mean ${window}`, data: {x: end, y: means[at]}});
        const line = figure.line({x: field("x"), y: field("y"), source: mean, line_width: 1.5,
                                  line_dash: at ? "dashed" : "solid", legend_label: `mean of ${window}`});
        themed(line.glyph, ({windows}) => ({line_color: windows[at % windows.length]}));
      });
      const wick = figure.segment({x0: field("x"), y0: field("low"), x1: field("x"), y1: field("high"), source});
      themed(wick.glyph, ({rising}) => ({line_color: rising}));
      if (data.size === 1) {
        const line = figure.line({x: field("x"), y: field("last"), source, line_width: 1.5, legend_label: "close"});
        themed(line.glyph, ({rising}) => ({line_color: rising}));
      }
      for (const [is_rising, name] of [[true, "rising"], [false, "falling"]]) {
        const body = bars_in_view(figure, source, {top: field("top"), bottom: field("bottom"), name,
                                                   ...(data.size > 1 ? {legend_label: `price, ${name}`} : {})},
                                  (at) => (closes.last[at] >= closes.first[at]) === is_rising);
        themed(body.glyph, (palette) => ({line_color: palette[name],
                                          fill_color: palette[name], fill_alpha: is_rising ? 0 : 0.7}));
      }
      if (data.size === 1) {
        // Single rows; there are never more than the buckets.
        const rows = [...center.keys()].filter((at) => data.signals[0][at]);
        const marked = new ColumnDataSource({name: "signals", data: {x: rows.map((at) => center[at]),
                                                                     y: rows.map((at) => closes.last[at])}});
        const marks = figure.scatter({x: field("x"), y: field("y"), source: marked, marker: "triangle", size: 5,
                                      legend_label: "signal"});
        themed(marks.glyph, ({mark}) => ({fill_color: mark, line_color: mark}));
      }
      fit(figure, (start, end) => {
        const is_seen = (value, at) => Number.isFinite(value)
          && data.row[at] - 0.5 < end && data.row[at] + data.rows[at] - 0.5 > start;
        const seen = [closes.low, closes.high, ...means].flatMap((values) => values.filter(is_seen));
        if (!seen.length) return null;
        const [low, high] = [Math.min(...seen), Math.max(...seen)];
        const margin = low < high ? 0.05 * high - 0.05 * low : 0.05 * Math.abs(low) || 1;
        return [low - margin, high + margin];
      });
      const from_to = data.size === 1 ? "@row" : "@row to @end";
      const bodies = figure.renderers.filter((each) => ["rising", "falling"].includes(each.name));
      figure.add_tools(new HoverTool({mode: "vline", renderers: bodies, tooltips: [
        ["rows", from_to], ["time", "@time"],
        ...(data.size === 1 ? [["close", "@last_text"]] : [["first", "@first_text"], ["highest", "@high_text"],
                                                           ["lowest", "@low_text"], ["last", "@last_text"]]),
        [`mean of ${data.windows[0]}`, "@mean_text"], ["signals", "@signals"], ["missing", "@missing"]]}));
      dress_legend(figure);
      return figure;
    }

    // As many bars as can be told apart: neighbouring buckets are added up, fewer of them the closer one looks.
    function bars_between(start, end) {
      const seen = Math.min(count, Math.max(1, (end - start) / data.size));
      let each = 1;
      while (seen / each > MOST_BARS) each *= 2;
      const bars = {x: [], row: [], end: [], width: [], rows: [], time: [], signals: [], rate: []};
      data.windows.slice(1).forEach((_, at) => { bars[`rate_${at + 1}`] = []; });
      for (let from = 0; from < count; from += each) {
        const to = Math.min(from + each, count);
        const add = (numbers) => numbers.slice(from, to).reduce((one, other) => one + other, 0);
        const rows = add(data.rows);
        const sums = data.signals.map(add);
        const bar = {x: data.row[from] + (rows - 1) / 2, row: data.row[from], end: data.row[from] + rows - 1, width: rows,
                     rows, time: moments[from], signals: sums[0], rate: sums[0] / rows};
        sums.slice(1).forEach((signals, at) => { bar[`rate_${at + 1}`] = signals / rows; });
        for (const [name, value] of Object.entries(bar)) bars[name].push(value);
      }
      return bars;
    }

    function rate(id) {
      const figure = chart(id, "signal rate", touch ? 240 : 260);
      const source = new ColumnDataSource({name: `${id}s`, data: bars_between(first, last)});
      figure.x_range.change.connect((_, {start, end}) => {
        const bars = bars_between(start, end);
        if (bars.x.length !== source.data.x.length) source.data = bars;
      });
      fit(figure, () => {
        const rates = Object.entries(source.data).filter(([name]) => name.startsWith("rate")).flatMap(([_, values]) => values);
        return [0, Math.min(1, 1.25 * Math.max(0.01, ...rates))];
      });
      figure.yaxis.formatter = new NumeralTickFormatter({format: "0.[0] %"});
      const bars = bars_in_view(figure, source, {top: field("rate"), line_width: 0.5, legend_label: `window ${data.windows[0]}`});
      themed(bars.glyph, ({bar, edge}) => ({fill_color: bar, line_color: edge}));
      data.windows.slice(1).forEach((window, at) => {
        const line = figure.step({x: field("x"), y: field(`rate_${at + 1}`), source, mode: "center", line_width: 1.5,
                                  line_dash: "dashed", legend_label: `window ${window}`});
        themed(line.glyph, ({windows}) => ({line_color: windows[(at + 1) % windows.length]}));
      });
      const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
      const overall = new Span({location: sum(data.signals[0]) / sum(data.rows), dimension: "width", line_dash: "dotted",
                                line_width: 1.5});
      themed(overall, ({text}) => ({line_color: text}));
      figure.add_layout(overall);
      figure.add_tools(new HoverTool({mode: "vline", renderers: [bars], tooltips: [
        ["rows", "@row to @end"], ["time", "@time"], ["signals", "@signals of @rows"], ["rate", "@rate{0.00 %}"]]}));
      dress_legend(figure);
      return figure;
    }

    return {price, rate};
  }

  // The rates of the keys in their order, in as many bars as can be told apart, fewer keys in each the closer one looks.
  function ranks(keys) {
    const total = keys.names.length;
    Object.assign(group, {first: 0.5, last: total + 0.5, label: (rank) => rank === Math.round(rank) ? String(rank) : ""});
    const figure = chart("ranks", "signal rate", touch ? 240 : 260, "keys, the highest rate first");
    const bars_between = (start, end) => {
      let each = 1;
      while (Math.min(total, Math.max(1, end - start)) / each > MOST_BARS) each *= 2;
      const bars = {x: [], width: [], rate: [], lowest: [], from: [], to: []};
      for (let from = 0; from < total; from += each) {
        const to = Math.min(from + each, total);
        const bar = {x: (from + 1 + to) / 2, width: (to - from) * (total < 400 ? 0.8 : 1), rate: keys.rates[0][from],
                     lowest: keys.rates[0][to - 1], from: keys.names[from], to: keys.names[to - 1]};
        for (const [name, value] of Object.entries(bar)) bars[name].push(value);
      }
      return bars;
    };
    const source = new ColumnDataSource({name: "ranks of keys", data: bars_between(group.first, group.last)});
    const bars = bars_in_view(figure, source, {top: field("rate"), line_width: 0.5, legend_label: `window ${overview.windows[0]}`});
    themed(bars.glyph, ({bar, edge}) => ({fill_color: bar, line_color: edge}));
    fit(figure, () => [0, Math.min(1, 1.1 * Math.max(0.01, keys.rates[0][0] || 0))]);
    figure.yaxis.formatter = new NumeralTickFormatter({format: "0.[0] %"});
    figure.add_tools(new HoverTool({mode: "vline", renderers: [bars], tooltips: [
      ["first key", "@from"], ["its rate", "@rate{0.00 %}"], ["last key", "@to"], ["its rate", "@lowest{0.00 %}"]]}));
    figure.x_range.change.connect((_, {start, end}) => {
      const bars = bars_between(start, end);
      if (bars.x.length !== source.data.x.length) source.data = bars;
    });
    dress_legend(figure);
    return figure;
  }

  const element = (tag, attributes = {}, text = "") => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    return made;
  };

  // All buckets but the last have the same number of rows, so the page has only the size and the count.
  function series_of(chart) {
    const row = chart.time.map((_, at) => 1 + at * chart.size);
    const rows = row.map((row) => Math.min(chart.size, chart.count - row + 1));
    return {...chart, row, rows, windows: overview.windows.slice(0, 1)};
  }

  // A small picture of a key: its closes from the lowest to the highest, the mean, and the rate below.
  function small_picture({low, high, signals, rows, means}) {
    const [lows, highs, mean] = [low, high, means[0]].map((each) => each.map(number));
    const known = [...lows, ...highs].filter(Number.isFinite);
    const bottom = known.reduce((one, other) => Math.min(one, other), Infinity);
    const top = known.reduce((one, other) => Math.max(one, other), -Infinity);
    const x = (at) => ((at + 0.5) * 200 / lows.length).toFixed(1);
    const y = (value) => (top > bottom ? 2 + 40 * (top - value) / (top - bottom) : 22).toFixed(1);
    const line = (points) => points.map((point, at) =>
      point === null ? "" : `${at && points[at - 1] !== null ? "L" : "M"}${point}`).join("");
    const closes = lows.flatMap((value, at) => Number.isFinite(value)
      ? [`${x(at)},${y(value)}`, `${x(at)},${y(highs[at])}`] : [null]);
    const means_at = mean.map((value, at) => Number.isFinite(value) ? `${x(at)},${y(Math.min(top, Math.max(bottom, value)))}` : null);
    const each = Math.ceil(rows.length / 40);
    let bars = "";
    for (let from = 0; from < rows.length; from += each) {
      const add = (numbers) => numbers.slice(from, from + each).reduce((one, other) => one + other, 0);
      const to = Math.min(from + each, rows.length);
      bars += `M${200 * from / rows.length},60V${60 - 14 * add(signals[0]) / add(rows)}H${200 * to / rows.length - 1}V60Z`;
    }
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("viewBox", "0 0 200 60");
    picture.setAttribute("preserveAspectRatio", "none");
    picture.setAttribute("aria-hidden", "true");
    for (const [name, d] of [["rates", bars], ["closes", line(closes)], ["mean", line(means_at)]]) {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("class", name);
      path.setAttribute("d", d);
      picture.append(path);
    }
    return picture;
  }

  // A button with a small picture for each key that has charts; the chosen one has them in full.
  function key_charts(charts, of, begin) {
    const list = document.getElementById("multiples");
    const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);
    const which = charts.length < of ? `The first ${charts.length} of ${counted(of)} keys, in` : "In";
    const since = begin > 1 ? ` Their rows are counted from row ${counted(begin)} of all, where the charts begin.` : "";
    document.getElementById("of_charts").textContent =
      `${which} the order in which they came. Choose one to see it in full.${since}`;
    const buttons = charts.map((chart) => {
      const button = element("button", {type: "button", "aria-pressed": "false"});
      const rate = percent(sum(chart.signals[0]) / chart.count);
      button.append(element("span", {class: "name"}, chart.key), element("span", {}, `${rate} of ${counted(chart.count)}`));
      button.addEventListener("click", () => choose(chart.key));
      const item = element("li");
      item.append(button);
      list.append(item);
      return button;
    });
    // A picture is drawn when it comes into view.
    const seen = new IntersectionObserver((entries) => {
      for (const {isIntersecting, target} of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        target.children[0].after(small_picture(series_of(charts[buttons.indexOf(target)])));
      }
    }, {rootMargin: "200px"});
    for (const button of buttons) seen.observe(button);

    let views = [];
    async function choose(key) {
      const at = charts.findIndex((chart) => chart.key === key);
      if (at < 0 || key === group_key()) return;
      for (const view of views) {
        const {document} = view.model;
        view.remove();
        document.clear();
      }
      buttons.forEach((button, other) => button.setAttribute("aria-pressed", String(other === at)));
      group = groups.key;
      Object.assign(group, {ranges: [], changing: [], key});
      const data = series_of(charts[at]);
      const drawn = series(data);
      const figures = {price: drawn.price(), key_rate: drawn.rate("key_rate")};
      document.getElementById("chosen").textContent = key;
      document.getElementById("of_chosen").textContent = (data.size === 1
        ? "Each close; the triangles are the rows that signalled."
        : `Each candle: the first, last, lowest and highest close of ${counted(data.size)} rows of this key.`)
        + ` The rolling mean is that of ${data.windows[0]}; the rows are those of this key alone.`;
      fill_table(data);
      paint();
      if (key === kept.get("key")) zoom_as_kept("key_rows", group);
      kept.set("key", key);
      join(group);
      views = await Promise.all(Object.entries(figures).map(([id, figure]) =>
        Plotting.show(figure, document.getElementById(id))));
    }
    return choose;
  }
  const group_key = () => groups.key.key;

  // Made when it is opened, for the key that is chosen then.
  function fill_table(data) {
    const details = document.getElementById("key_table");
    const place = details.lastElementChild;
    place.replaceChildren();
    details.ontoggle = () => {
      if (!details.open || place.firstChild) return;
      const lines = data.row.map((row, at) => [counted(row), data.time[at], counted(data.rows[at]), counted(data.missing[at]),
        percent(data.signals[0][at] / data.rows[at]), data.first[at], data.low[at], data.high[at], data.last[at], data.means[0][at]]);
      place.append(table_of(`${data.key}: ${data.size === 1 ? "each line is one row" : `each line is ${counted(data.size)} rows`}`,
        ["first row", "time", "rows", "missing closes", "signal rate", "first close", "lowest", "highest", "last",
         `mean of ${data.windows[0]}`], lines));
    };
    if (details.open) details.ontoggle();
  }

  function table_of(caption, heads, lines) {
    const table = element("table");
    const head = element("tr");
    head.append(...heads.map((text) => element("th", {scope: "col"}, text)));
    const [top, body] = [element("thead"), element("tbody")];
    top.append(head);
    body.append(...lines.map(line_of));
    table.append(element("caption", {}, caption), top, body);
    return table;
  }

  function line_of(cells) {
    const line = element("tr");
    line.append(...cells.map((cell, at) => element(at ? "td" : "th", at ? {} : {scope: "row"}, cell ?? "")));
    return line;
  }

  // The table of all keys: it can be searched and sorted, and grows by a hundred lines at a time.
  function all_keys(keys) {
    const LINES = 100;
    const place = document.querySelector("#keys .scroll");
    const [, ...windows] = overview.windows;
    const heads = ["key", "signal rate", "rows", "signals", ...windows.map((window) => `signal rate, window ${window}`)];
    const columns = [keys.names, keys.rates[0], keys.rows, keys.signals[0], ...keys.rates.slice(1)];
    const table = table_of(keys.of === 1 ? "1 key" : `${counted(keys.of)} keys`, heads, []);
    const search = element("input", {type: "search", id: "search", autocomplete: "off", spellcheck: "false"});
    const found = element("span", {role: "status", class: "note"});
    const more = element("button", {type: "button", class: "more"}, `Show ${LINES} more`);
    const tools = element("p", {class: "tools"});
    tools.append(element("label", {for: "search"}, "Find a key"), search, found);
    let [order, shown, sorted, is_falling] = [[], 0, 1, true];
    const show = () => {
      table.tBodies[0].append(...order.slice(shown, shown + LINES).map((at) => line_of(columns.map((column, which) =>
        which === 0 ? column[at] : which === 2 || which === 3 ? counted(column[at]) : percent(column[at])))));
      shown = Math.min(order.length, shown + LINES);
      more.hidden = shown === order.length;
    };
    const list = () => {
      const wanted = search.value.trim().toLowerCase();
      order = [...keys.names.keys()].filter((at) => keys.names[at].toLowerCase().includes(wanted));
      const column = columns[sorted];
      const before = (one, other) => column[one] < column[other] ? -1 : Number(column[one] > column[other]);
      order.sort((one, other) => (is_falling ? -1 : 1) * before(one, other) || one - other);
      found.textContent = wanted ? `${counted(order.length)} of ${counted(keys.names.length)} keys` : "";
      table.tBodies[0].replaceChildren();
      [...table.tHead.rows[0].cells].forEach((cell, at) => at === sorted
        ? cell.setAttribute("aria-sort", is_falling ? "descending" : "ascending") : cell.removeAttribute("aria-sort"));
      shown = 0;
      show();
    };
    [...table.tHead.rows[0].cells].forEach((cell, at) => {
      const button = element("button", {type: "button"}, cell.textContent);
      button.addEventListener("click", () => {
        is_falling = at === sorted ? !is_falling : at > 0;
        sorted = at;
        list();
      });
      cell.replaceChildren(button);
    });
    search.addEventListener("input", list);
    more.addEventListener("click", show);
    place.replaceChildren(table);
    place.before(tools);
    if (keys.names.length < keys.of) {
      place.before(element("p", {class: "note", id: "left_out"}, `The page has room for the ${counted(keys.names.length)} keys of `
        + `the highest rates, of ${counted(keys.of)}. --keys-output writes all of them to a file.`));
    }
    place.after(more);
    list();
  }

  function zoom(start, end, which = groups.stream) {
    for (const range of which.ranges) {
      if (range.start !== start || range.end !== end) range.setv({start, end});
    }
  }

  // Zoom the charts of a group together, and keep what is zoomed in on.
  function join(which) {
    for (const {change} of which.ranges) {
      change.connect((_, {start, end}) => {
        zoom(start, end, which);
        keep();
      });
    }
    keep();
  }

  // A page that is replaced while the job runs is loaded anew; what is seen is kept in its address.
  const kept = new URLSearchParams(location.hash.slice(1));
  function keep() {
    for (const [name, {ranges: [range], first, last}] of [["rows", groups.stream], ["key_rows", groups.key]]) {
      if (!range) continue;  // not drawn yet
      if (range.start === first && range.end === last) kept.delete(name);
      else kept.set(name, `${range.start},${range.end}`);
    }
    history.replaceState(null, "", `#${kept.toString().replaceAll("%2C", ",")}`);
  }
  function zoom_as_kept(name, which) {
    const found = /^(-?[\d.]+),(-?[\d.]+)$/.exec(kept.get(name) ?? "");
    if (found) zoom(Number(found[1]), Number(found[2]), which);
  }

  window.stream_signal_report = {
    label: (id, value) => ({ranks: groups.ranks, price: overview.first ? groups.stream : groups.key,
                            key_rate: groups.key}[id] ?? groups.stream).label(value),
    data: overview, zoom, groups, palettes,
  };

  async function draw() {
    const whole = series(overview);
    const figures = overview.first ? {price: whole.price(), rate: whole.rate("rate")} : {rate: whole.rate("rate")};
    zoom_as_kept("rows", groups.stream);
    join(groups.stream);
    const [packed, charts] = await Promise.all([unpacked("keys_data"), unpacked("key_charts_data")]);
    if (packed) {
      const [names, rows, ...signals] = packed.keys;
      const rates = signals.map((each) => each.map((count, at) => count / rows[at]));
      const keys = {of: packed.of, names, rows, signals, rates};
      all_keys(keys);
      group = groups.ranks;
      figures.ranks = ranks(keys);
    }
    paint();
    dark.addEventListener("change", paint);
    await Promise.all(Object.entries(figures).map(([id, figure]) => Plotting.show(figure, document.getElementById(id))));
    window.stream_signal_report.figures = figures;
    if (charts?.length) {
      const choose = window.stream_signal_report.choose = key_charts(charts, packed.of, overview.row[0]);
      await choose(charts.some(({key}) => key === kept.get("key")) ? kept.get("key") : charts[0].key);
    }
    document.body.dataset.drawn = "yes";
  }

  await draw();
})().catch((error) => {
  document.getElementById("trouble").hidden = false;
  throw error;
}).finally(() => {
  const seconds = Number(document.body.dataset.reload);
  if (seconds) setTimeout(() => location.reload(), Math.max(1000, 1000 * seconds));
});
