// Draws the charts from the numbers in the page. Nothing here is loaded from anywhere.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("overview").textContent);
  const count = data.row.length;
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
  const center = data.row.map((row, at) => row + (data.rows[at] - 1) / 2);
  const end = data.row.map((row, at) => row + data.rows[at] - 1);
  const first = data.row[0] - 0.5;
  const last = end[count - 1] + 0.5;

  function moment(text) {
    // Seconds, milliseconds, microseconds or nanoseconds since 1970; anything else is shown as it is written.
    const digits = /^\d+$/.test(text) ? {10: 1e3, 13: 1, 16: 1e-3, 19: 1e-6}[text.length] : undefined;
    return digits ? new Date(Number(text) * digits).toISOString().slice(0, 19).replace("T", " ") : text;
  }
  const moments = data.time.map(moment);

  function label(row) {
    const at = Math.floor((row - data.row[0]) / data.size);
    if (at < 0 || at >= count || row !== Math.round(row)) return "";
    const text = moments[at].replace("T", " ").slice(0, 16);
    return text && (data.size === 1 || data.row[at] === row || data.size * 20 < last - first)
      ? `${row}\n${text.replace(" ", "\n")}` : String(row);
  }

  const changing = [];  // what takes its colours from the palette
  const paint = () => {
    const palette = dark.matches ? palettes.dark : palettes.light;
    for (const change of changing) change(palette);
  };
  const themed = (model, attributes) => changing.push((palette) => Object.assign(model, attributes(palette)));

  const {Plotting, Range1d, ColumnDataSource, CustomJSTickFormatter, HoverTool, Span, NumeralTickFormatter, Legend,
         BasicTicker, BasicTickFormatter} = Bokeh;
  Bokeh.logger.set_level("warn");
  const x_ranges = [];  // one for each chart, kept equal: each chart is a document of its own
  const touch = matchMedia("(pointer: coarse)").matches;

  function chart(id, title, height) {
    const x_range = new Range1d({start: first, end: last});
    x_ranges.push(x_range);
    const figure = Plotting.figure({
      x_range, height, sizing_mode: "stretch_width", tools: "xpan,xwheel_zoom,xzoom_in,xzoom_out,xbox_zoom,reset,save",
      active_drag: touch ? null : "xbox_zoom", active_scroll: touch ? null : "xwheel_zoom", toolbar_location: "above",
      background_fill_color: null, border_fill_color: null, outline_line_color: null, window_axis: "x",
      min_border_left: 70, name: id, output_backend: "canvas",
    });
    figure.toolbar.logo = null;
    figure.add_layout(new Legend({}), "above");
    figure.xaxis.ticker = new BasicTicker({desired_num_ticks: innerWidth < 600 ? 3 : 6});
    figure.yaxis.formatter = new BasicTickFormatter({use_scientific: false});
    figure.xaxis.formatter = new CustomJSTickFormatter({code: "return stream_signal_report.label(tick)"});
    figure.xaxis.axis_label = "row";
    figure.yaxis.axis_label = title;
    for (const axis of [figure.xaxis, figure.yaxis]) {
      themed(axis, ({text, line}) => ({axis_label_text_color: text, major_label_text_color: text, axis_line_color: line,
                                       major_tick_line_color: line, minor_tick_line_color: null,
                                       axis_label_text_font_style: "normal"}));
    }
    for (const grid of [figure.xgrid, figure.ygrid]) themed(grid, ({line}) => ({grid_line_color: line}));
    return figure;
  }

  function dress_legend(figure) {
    figure.legend.orientation = "horizontal";
    if (innerWidth < 600) figure.legend.ncols = 2;
    figure.legend.click_policy = "hide";
    themed(figure.legend, ({text}) => ({label_text_color: text, background_fill_color: null,
                                                      border_line_color: null}));
  }

  function price() {
    const figure = chart("price", "price", touch ? 320 : 400);
    const closes = {};
    for (const name of ["first", "last", "low", "high"]) closes[name] = data[name].map(number);
    const texts = Object.fromEntries(["first", "last", "low", "high"].map((name) => [`${name}_text`, data[name]]));
    const source = new ColumnDataSource({name: "buckets", data: {
      x: center, end, row: data.row, width: data.rows.map((rows) => 0.7 * rows), time: moments, ...closes, ...texts,
      top: closes.first.map((one, at) => Math.max(one, closes.last[at])),
      bottom: closes.first.map((one, at) => Math.min(one, closes.last[at])),
      rows: data.rows, missing: data.missing, signals: data.signals[0], mean: data.means[0].map(number),
      mean_text: data.means[0].map((mean) => mean === null ? "" : String(mean)),
    }});
    const of = (is_rising) => new Bokeh.CDSView({filter: new Bokeh.IndexFilter({
      indices: [...center.keys()].filter((at) => (closes.last[at] >= closes.first[at]) === is_rising)})});
    data.windows.forEach((window, at) => {
      const means = new ColumnDataSource({name: `mean ${window}`, data: {x: end, y: data.means[at].map(number)}});
      const line = figure.line({x: field("x"), y: field("y"), source: means, line_width: 1.5,
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
      const body = figure.vbar({x: field("x"), width: field("width"), top: field("top"), bottom: field("bottom"),
                                source, view: of(is_rising), name,
                                ...(data.size > 1 ? {legend_label: `price, ${name}`} : {})});
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

  function rate() {
    const figure = chart("rate", "signal rate", touch ? 240 : 260);
    const source = new ColumnDataSource({name: "rates", data: bars_between(first, last)});
    const rates = Object.entries(source.data).filter(([name]) => name.startsWith("rate")).flatMap(([_, values]) => values);
    figure.y_range = new Range1d({start: 0, end: Math.min(1, 1.25 * Math.max(0.01, ...rates))});
    figure.yaxis.formatter = new NumeralTickFormatter({format: "0.[0] %"});
    const bars = figure.vbar({x: field("x"), width: field("width"), top: field("rate"), source, line_width: 0.5,
                              legend_label: `window ${data.windows[0]}`});
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
      ["rows", "@row to @end"], ["time", "@time"], ["signals", "@signals of @rows"], ["rate", "@rate{0.[00] %}"]]}));
    figure.x_range.change.connect((_, {start, end}) => {
      const bars = bars_between(start, end);
      if (bars.x.length !== source.data.x.length) source.data = bars;
      figure.y_range.end = Math.max(figure.y_range.end, Math.min(1, 1.25 * Math.max(...bars.rate)));
    });
    dress_legend(figure);
    return figure;
  }

  function zoom(start, end) {
    for (const range of x_ranges) {
      if (range.start !== start || range.end !== end) range.setv({start, end});
    }
  }

  // A page that is replaced while the job runs is loaded anew; what is zoomed in on is kept in its address.
  function remember() {
    const kept = /^#rows=(-?[\d.]+),(-?[\d.]+)$/.exec(location.hash);
    if (kept) zoom(Number(kept[1]), Number(kept[2]));
    for (const {change} of x_ranges) {
      change.connect((_, {start, end}) => {
        zoom(start, end);
        history.replaceState(null, "", start === first && end === last ? "#" : `#rows=${start},${end}`);
      });
    }
    const seconds = Number(document.body.dataset.reload);
    if (seconds) setTimeout(() => location.reload(), Math.max(1000, 1000 * seconds));
  }

  window.stream_signal_report = {label, data, zoom};
  try {
    const figures = data.first ? {price: price(), rate: rate()} : {rate: rate()};
    paint();
    dark.addEventListener("change", paint);
    remember();
    const shown = Object.entries(figures).map(([id, figure]) => Plotting.show(figure, document.getElementById(id)));
    window.stream_signal_report.figures = figures;
    Promise.all(shown).then(() => { document.body.dataset.drawn = "yes"; });
  } catch (error) {
    document.getElementById("trouble").hidden = false;
    throw error;
  }
})();
