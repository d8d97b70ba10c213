/** How a change of a property is made, given how one of the property around it is. */
import type { Change, Property } from "./property";

/** What is inside something that replaces replaces too, unless it says otherwise. */
export const effectiveChange = (property: Property, outer: Change = "update"): Change => property.change ?? outer;
