import script from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import css from "uplot/dist/uPlot.min.css" with { type: "text" };
console.log(script.length, css.length, script.slice(0, 120));
