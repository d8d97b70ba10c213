/** The script on the simulated hypervisor, in virtual time. */
import { play, stages } from "./script";
import { simulatedSite } from "./simulated-site";

test("the script is played to its end, and every stage of it is seen", async () => {
  const site = await simulatedSite();
  try {
    const lines = await play(site);
    expect(lines.filter(({ source }) => source === "stage").map(({ name }) => name)).toEqual(stages);
  } finally {
    await site.close();
  }
});
