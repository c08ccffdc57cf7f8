
(function () {
  "use strict";
  // Filters what is already on the page; without scripts everything is shown.
  var bar = document.getElementById("filter");
  if (!bar) return;
  var by = { tenants: null, roles: null, risk: null };
  Object.keys(by).forEach(function (name) { by[name] = document.getElementById("by-" + name); });
  var told = document.getElementById("told");
  var clear = document.getElementById("clear");
  var entries = Array.prototype.slice.call(document.querySelectorAll("article.entry"));
  var rows = Array.prototype.slice.call(document.querySelectorAll("tr[data-risk]"));

  function has(element, name) {
    var wanted = by[name].value;
    return wanted === "" || element.dataset[name].split(" ").indexOf(wanted) >= 0;
  }
  function fits(element) {
    return Number(element.dataset.risk) >= Number(by.risk.value || 0) && has(element, "tenants") && has(element, "roles");
  }
  function apply() {
    var shown = 0;
    entries.forEach(function (entry) {
      var parts = Array.prototype.slice.call(entry.querySelectorAll(".part"));
      var kept = parts.filter(function (part) { return (part.hidden = !fits(part)) === false; });
      entry.hidden = !fits(entry) || (parts.length > 0 && kept.length === 0);
      shown += entry.hidden ? 0 : 1;
      entry.querySelectorAll("details.rest").forEach(function (rest) {
        var here = rest.querySelectorAll(".part:not([hidden])").length;
        rest.hidden = here === 0;
        rest.querySelector("summary").textContent = here + " more of lower or equal risk";
      });
    });
    rows.forEach(function (row) { row.hidden = !fits(row); });
    var active = Object.keys(by).some(function (name) { return by[name].value !== ""; });
    clear.disabled = !active;
    told.textContent = active
      ? "Filtered: " + shown + " of " + entries.length + " access changes shown."
      : "All " + entries.length + " access changes shown.";
  }
  Object.keys(by).forEach(function (name) { by[name].addEventListener("change", apply); });
  clear.addEventListener("click", function () {
    Object.keys(by).forEach(function (name) { by[name].value = ""; });
    apply();
    by.tenants.focus();
  });
  // A browser may remember a choice over a reload: what is shown must match it.
  Object.keys(by).forEach(function (name) { by[name].value = ""; });
  bar.hidden = false;
})();
