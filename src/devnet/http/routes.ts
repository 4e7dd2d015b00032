/** Every path that the devnet serves, with the methods that java-tron gives it (tron.md §2.1, §2.3). */
import { getAccount, getAccountById, getAccountNet, getAccountResource } from "./accounts.ts";
import * as blocks from "./blocks.ts";
import * as assets from "./assets.ts";
import { broadcastHex, broadcastTransaction } from "./broadcast.ts";
import { buildCommon, builder } from "./builders.ts";
import * as calls from "./calls.ts";
import * as closed from "./closed.ts";
import * as contracts from "./contracts.ts";
import * as markets from "./markets.ts";
import * as network from "./network.ts";
import * as proposals from "./proposals.ts";
import type { Handler, Methods, Route } from "./route.ts";
import { getApprovedList, getSignWeight } from "./signers.ts";
import * as stakes from "./stakes.ts";
import * as witnesses from "./witnesses.ts";

const both = route("both", true);
const fullOnly = route("both", false);
const emptyGet = route("empty", false);
const postOnly = route("post", false);

export const ROUTES: Readonly<Record<string, Route>> = {
  getnowblock: bodiless(both(blocks.getNowBlock)),
  getblock: both(blocks.getBlock),
  getblockbynum: both(blocks.getBlockByNum),
  getblockbyid: both(blocks.getBlockById),
  getblockbylimitnext: both(blocks.getBlockByLimitNext),
  getblockbylatestnum: both(blocks.getBlockByLatestNum),
  gettransactioncountbyblocknum: both(blocks.getTransactionCountByBlockNum),
  gettransactionbyid: both(blocks.getTransactionById),
  gettransactioninfobyid: both(blocks.getTransactionInfoById),
  gettransactioninfobyblocknum: both(blocks.getTransactionInfoByBlockNum),
  getpendingsize: bodiless(fullOnly(blocks.getPendingSize)),
  gettransactionfrompending: fullOnly(blocks.getTransactionFromPending),
  gettransactionlistfrompending: fullOnly(blocks.getTransactionListFromPending),
  getaccount: both(getAccount),
  getaccountbyid: both(getAccountById),
  getaccountnet: fullOnly(getAccountNet),
  getaccountresource: fullOnly(getAccountResource),
  listwitnesses: bodiless(both(witnesses.listWitnesses)),
  getpaginatednowwitnesslist: both(witnesses.getPaginatedNowWitnessList),
  getnextmaintenancetime: bodiless(fullOnly(witnesses.getNextMaintenanceTime)),
  getReward: both(witnesses.getReward),
  getBrokerage: both(witnesses.getBrokerage),
  getchainparameters: bodiless(fullOnly(network.getChainParameters)),
  getenergyprices: bodiless(both(network.getEnergyPrices)),
  getbandwidthprices: bodiless(both(network.getBandwidthPrices)),
  getmemofee: bodiless(fullOnly(network.getMemoFee)),
  getburntrx: bodiless(both(network.getBurnTrx)),
  getnodeinfo: bodiless(both(network.getNodeInfo)),
  listnodes: bodiless(fullOnly(network.listNodes)),
  validateaddress: fullOnly(network.validateAddress),
  getcontract: fullOnly(contracts.getContract),
  getcontractinfo: fullOnly(contracts.getContractInfo),
  broadcasttransaction: postOnly(broadcastTransaction),
  broadcasthex: postOnly(broadcastHex),
  createtransaction: emptyGet(builder("TransferContract")),
  freezebalancev2: postOnly(builder("FreezeBalanceV2Contract")),
  unfreezebalancev2: emptyGet(builder("UnfreezeBalanceV2Contract")),
  withdrawexpireunfreeze: emptyGet(builder("WithdrawExpireUnfreezeContract")),
  cancelallunfreezev2: postOnly(builder("CancelAllUnfreezeV2Contract")),
  delegateresource: postOnly(builder("DelegateResourceContract")),
  undelegateresource: emptyGet(builder("UnDelegateResourceContract")),
  freezebalance: postOnly(builder("FreezeBalanceContract")),
  unfreezebalance: emptyGet(builder("UnfreezeBalanceContract")),
  votewitnessaccount: emptyGet(builder("VoteWitnessContract")),
  withdrawbalance: emptyGet(builder("WithdrawBalanceContract")),
  createwitness: emptyGet(builder("WitnessCreateContract")),
  updatewitness: emptyGet(builder("WitnessUpdateContract")),
  updateBrokerage: postOnly(builder("UpdateBrokerageContract")),
  getdelegatedresourcev2: both(stakes.getDelegatedResourceV2),
  getdelegatedresource: both(stakes.getDelegatedResource),
  getdelegatedresourceaccountindexv2: both(stakes.getDelegatedResourceAccountIndexV2),
  getdelegatedresourceaccountindex: both(stakes.getDelegatedResourceAccountIndex),
  getcandelegatedmaxsize: both(stakes.getCanDelegatedMaxSize),
  getavailableunfreezecount: both(stakes.getAvailableUnfreezeCount),
  getcanwithdrawunfreezeamount: both(stakes.getCanWithdrawUnfreezeAmount),
  getsignweight: emptyGet(getSignWeight),
  getapprovedlist: emptyGet(getApprovedList),
  createaccount: postOnly(builder("AccountCreateContract")),
  updateaccount: emptyGet(builder("AccountUpdateContract")),
  setaccountid: emptyGet(builder("SetAccountIdContract")),
  accountpermissionupdate: emptyGet(builder("AccountPermissionUpdateContract")),
  createassetissue: emptyGet(builder("AssetIssueContract")),
  transferasset: emptyGet(builder("TransferAssetContract")),
  participateassetissue: emptyGet(builder("ParticipateAssetIssueContract")),
  unfreezeasset: emptyGet(builder("UnfreezeAssetContract")),
  updateasset: emptyGet(builder("UpdateAssetContract")),
  getassetissuebyaccount: fullOnly(assets.getAssetIssueByAccount),
  getassetissuebyid: both(assets.getAssetIssueById),
  getassetissuebyname: both(assets.getAssetIssueByName),
  getassetissuelistbyname: both(assets.getAssetIssueListByName),
  getassetissuelist: bodiless(both(assets.getAssetIssueList)),
  getpaginatedassetissuelist: both(assets.getPaginatedAssetIssueList),
  deploycontract: emptyGet(contracts.deployContract),
  updatesetting: emptyGet(builder("UpdateSettingContract")),
  updateenergylimit: emptyGet(builder("UpdateEnergyLimitContract")),
  clearabi: emptyGet(builder("ClearABIContract")),
  proposalcreate: emptyGet(builder("ProposalCreateContract")),
  proposalapprove: emptyGet(builder("ProposalApproveContract")),
  proposaldelete: emptyGet(builder("ProposalDeleteContract")),
  listproposals: bodiless(fullOnly(proposals.listProposals)),
  getproposalbyid: fullOnly(proposals.getProposalById),
  getpaginatedproposallist: fullOnly(proposals.getPaginatedProposalList),
  createCommonTransaction: postOnly(buildCommon),
  exchangecreate: postOnly(builder("ExchangeCreateContract")),
  exchangeinject: postOnly(builder("ExchangeInjectContract")),
  exchangewithdraw: postOnly(builder("ExchangeWithdrawContract")),
  exchangetransaction: postOnly(builder("ExchangeTransactionContract")),
  listexchanges: bodiless(both(markets.nothing)),
  getpaginatedexchangelist: fullOnly(markets.nothing),
  getexchangebyid: both(markets.getExchangeById),
  marketsellasset: emptyGet(builder("MarketSellAssetContract")),
  marketcancelorder: emptyGet(builder("MarketCancelOrderContract")),
  getmarketorderbyaccount: both(markets.getMarketOrderByAccount),
  getmarketorderbyid: both(markets.getMarketOrderById),
  getmarketpricebypair: both(markets.getMarketPriceByPair),
  getmarketorderlistbypair: both(markets.getMarketOrderListByPair),
  getmarketpairlist: both(markets.nothing),
  getaccountbalance: postOnly(closed.getAccountBalance),
  getblockbalance: postOnly(closed.getBlockBalance),
  gettransactionreceiptbyid: fullOnly(blocks.getTransactionReceiptById),
  totaltransaction: bodiless(fullOnly(markets.nothing)),
  createshieldedcontractparameters: emptyGet(closed.shielded),
  createshieldedcontractparameterswithoutask: emptyGet(closed.shielded),
  createspendauthsig: emptyGet(closed.shielded),
  getakfromask: fullOnly(closed.shielded),
  getdiversifier: fullOnly(closed.shielded),
  getexpandedspendingkey: fullOnly(closed.shielded),
  getincomingviewingkey: fullOnly(closed.shielded),
  getnewshieldedaddress: fullOnly(closed.shielded),
  getnkfromnsk: fullOnly(closed.shielded),
  getrcm: fullOnly(closed.shielded),
  getspendingkey: fullOnly(closed.shielded),
  gettriggerinputforshieldedtrc20contract: emptyGet(closed.shielded),
  getzenpaymentaddress: fullOnly(closed.shielded),
  isshieldedtrc20contractnotespent: route("empty", true)(closed.shielded),
  scanshieldedtrc20notesbyivk: both(closed.shielded),
  scanshieldedtrc20notesbyovk: both(closed.shielded),
  triggersmartcontract: simulating(emptyGet(calls.triggerSmartContract)),
  triggerconstantcontract: simulating(route("empty", true)(calls.triggerConstantContract)),
  estimateenergy: simulating(route("empty", true)(calls.estimateEnergy)),
};

/** What a node serves beside the two APIs. */
const ASIDE: Readonly<Record<string, Route>> = {
  "/monitor/getnodeinfo": bodiless(fullOnly(network.getNodeInfo)),
  "/monitor/getstatsinfo": { ...fullOnly(markets.nothing), closed: true },
  "/net/listnodes": bodiless(fullOnly(network.listNodes)),
};

export type Found = { readonly route: Route; readonly solidity: boolean };

export function findRoute(path: string): Found | undefined {
  const aside = Object.hasOwn(ASIDE, path) ? ASIDE[path] : undefined;
  if (aside !== undefined) return { route: aside, solidity: false };
  const [, scope, name = "", ...more] = path.split("/");
  const found = Object.hasOwn(ROUTES, name) ? ROUTES[name] : undefined;
  if (found === undefined || more.length > 0) return undefined;
  if (scope === "wallet") return { route: found, solidity: false };
  return scope === "walletsolidity" && found.solidity ? { route: found, solidity: true } : undefined;
}

function route(methods: Methods, solidity: boolean) {
  return (handle: Handler): Route => ({ methods, solidity, handle });
}

function bodiless(found: Route): Route {
  return { ...found, ignoresBody: true };
}

function simulating(found: Route): Route {
  return { ...found, simulates: true };
}
