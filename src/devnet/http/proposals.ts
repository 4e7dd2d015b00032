/** What was proposed, and what came of it. */
import { proposalShape } from "../../tron/shapes/governance.ts";
import type { Proposal } from "../account-rows.ts";
import { allProposals, proposalById } from "../proposals.ts";
import type { Json } from "./json.ts";
import { page } from "./page.ts";
import { renderMessage } from "./render.ts";
import { type ApiRequest, requiredLongOf } from "./request.ts";
import type { Context } from "./route.ts";

/** Newest first. */
export function listProposals({ visible }: ApiRequest, { at }: Context): Json {
  return list(allProposals(at.state).toReversed(), visible);
}

export function getProposalById(request: ApiRequest, { at }: Context): Json {
  const proposal = proposalById(at.state, requiredLongOf(request, "id"));
  return proposal === undefined ? {} : render(proposal, request.visible);
}

/** Oldest first. */
export function getPaginatedProposalList(request: ApiRequest, { at }: Context): Json {
  return list(page(allProposals(at.state), request), request.visible);
}

function list(proposals: readonly Proposal[], visible: boolean): Json {
  return proposals.length === 0 ? {} : { proposals: proposals.map((proposal) => render(proposal, visible)) };
}

function render(proposal: Proposal, visible: boolean): Json {
  return renderMessage(proposalShape, proposal, visible);
}
