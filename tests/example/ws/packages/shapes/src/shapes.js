export const circle = (colour, r) =>
  `<svg width="${2 * r}" height="${2 * r}"><circle cx="${r}" cy="${r}" r="${r}" fill="${colour}"/></svg>`;
