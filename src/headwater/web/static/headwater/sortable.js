// Lists whose lines are dragged. The library, vendor/sortable, comes when somebody is about to: most visits do not.

// Makes ``lists`` within ``place`` so, once; [data-sortable] on or around it names the library.
export async function sortable(place, lists, options) {
  if (place.dataset.ready) return;
  place.dataset.ready = "yes";
  await (window.Sortable ?? arrived(place.closest("[data-sortable]").dataset.sortable));
  lists.forEach((list) => window.Sortable.create(list, options));
}

function arrived(address) {
  return new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", resolve);
    document.head.append(script);
  });
}
