/** The program's side reaches the plan of a create by way of its adapter. */
export { createPlan } from "../../handlers/create-plan";
