import { TronWeb } from "tronweb";
import { units } from "../../src/domain/money.ts";
import { privateKeyToAddress } from "../../src/tron/address.ts";
import { startDevnet } from "../../src/devnet/devnet.ts";
import { chainGatewayContract, type GatewayWorld } from "../contracts/chain-gateway.contract.ts";
import { FAKE_USDT, FakeChain, txIdOf, type FakeTransfer } from "./fake-chain.ts";
import { openGateway, signTransfer } from "./support.ts";

type Key = { readonly address: string; readonly weight: bigint };
type WebKey = { address: string; weight: number };
/** TransferContract, whose number is 1. */
const TRANSFERS = "02".padEnd(64, "0");
const KEYS = { payer: "11".repeat(32), holder: "22".repeat(32), stranger: "33".repeat(32) };
const payer = privateKeyToAddress(KEYS.payer);
const holder = privateKeyToAddress(KEYS.holder);
const stranger = privateKeyToAddress(KEYS.stranger);

chainGatewayContract("the fake chain", async (): Promise<GatewayWorld> => {
  const chain = new FakeChain({ blocks: 40, solidLag: 18 });
  chain.fund(payer, { trx: 1_000_000_000n, usdt: 1_000_000_000n });
  chain.fund(holder, { trx: 10_000_000n, usdt: 10_000_000n });
  let nonce = 0;
  return {
    gateway: chain,
    payer,
    holder,
    stranger,
    contract: FAKE_USDT,
    mine: async (count) => chain.mine(count),
    freeze: async (address) => void chain.frozen.add(address),
    charge: async (feeBasisPoints, most) => {
      chain.terms = { ...chain.terms, feeBasisPoints, feeMax: units(BigInt(most) * 1_000_000n) };
    },
    pause: async () => {
      chain.terms = { ...chain.terms, isPaused: true };
    },
    share: async (other) => {
      const [own, second] = [payer, other].map((address) => ({ address, weight: 1n })) as [Key, Key];
      chain.permitted.set(payer, {
        owner: { id: 0, name: "both", threshold: 2n, keys: [own, second] },
        actives: [{ id: 2, name: "pay", threshold: 1n, keys: [second] }],
      });
    },
    sign: async ({ asset, from, to, amount }) => {
      nonce += 1;
      const transfer: FakeTransfer = { asset, from, to, amount, nonce: String(nonce) };
      return { txId: txIdOf(transfer), signedHex: Buffer.from(JSON.stringify(transfer)).toString("hex") };
    },
    dispose: async () => {},
  };
});

chainGatewayContract("the gateway over a devnet", async (): Promise<GatewayWorld> => {
  const devnet = await startDevnet({ port: 0, slotMs: "manual" });
  await devnet.mine(1);
  await devnet.faucet({ address: payer, trxSun: 1_000_000_000n, usdt: 1_000_000_000n });
  await devnet.faucet({ address: holder, trxSun: 10_000_000n, usdt: 10_000_000n });
  await devnet.mine(40);
  const gateway = openGateway([devnet.url], { usdtContract: devnet.usdtContract });
  await gateway.verifyNetwork({ expectedGenesisId: devnet.genesisId });
  let nonce = 0;
  return {
    gateway,
    payer,
    holder,
    stranger,
    contract: devnet.usdtContract,
    mine: async (count) => {
      await devnet.mine(count);
    },
    freeze: async (address) => {
      await devnet.usdt.setBlacklisted(address, true);
      await devnet.mine();
    },
    charge: async (basisPoints, most) => {
      await devnet.usdt.setFee(basisPoints, most);
      await devnet.mine();
    },
    pause: async () => {
      await devnet.usdt.setPaused(true);
      await devnet.mine();
    },
    share: async (other) => {
      const tronWeb = new TronWeb({ fullHost: devnet.url, privateKey: KEYS.payer });
      const [own, second] = [payer, other].map((address) => ({ address, weight: 1 })) as [WebKey, WebKey];
      const order = await tronWeb.transactionBuilder.updateAccountPermissions(
        payer,
        { type: 0, permission_name: "both", threshold: 2, keys: [own, second] },
        undefined,
        [{ type: 2, permission_name: "pay", threshold: 1, keys: [second], operations: TRANSFERS }],
      );
      const answer = await tronWeb.trx.sendRawTransaction(await tronWeb.trx.sign(order));
      if (answer.result !== true) throw new Error(JSON.stringify(answer));
      await devnet.mine();
    },
    sign: async (order) => {
      const [reference, head] = [await gateway.solidBlock(), await gateway.headBlock()];
      nonce += 1;
      return signTransfer(order, {
        privateKey: KEYS.payer,
        usdtContract: devnet.usdtContract,
        reference,
        now: head.timestamp + nonce,
        feeLimit: 30_000_000n,
      });
    },
    dispose: async () => {
      await gateway.close();
      await devnet.close();
    },
  };
});
