/**
 * The names of the public DEADiff checkpoint (`deadiff_v1.ckpt`, an LDM state dict), and the only place that knows them.
 */
import { DeadiffError } from "../errors.ts";
import type { Branch, DeadiffConfig } from "../models/deadiff.ts";
import { BRANCHES, deadiffSpec } from "../models/deadiff.ts";
import { listParams } from "../models/params.ts";

/** Where a parameter's values stand in the foreign file: a whole tensor, or rows of one that holds several. */
export type ForeignKey = { key: string; rows?: readonly [start: number, end: number] };

/** Keys a checkpoint may hold besides: schedules and counters, heads that generation does not use, caches, EMA copies. */
const KNOWN_EXTRAS = [
  /^(alphas_cumprod|alphas_cumprod_prev|betas|sqrt_|log_one_minus|posterior_|logvar|lvlb_weights|global_step|scale_factor)/,
  /^model_ema\./,
  /^(style|content)_blip\.Qformer\.cls\./,
  /^(style|content)_blip\.(tokenizer|temp|itm_head|vision_proj|text_proj|proj_layer|eos_token|ctx_)/,
  /_blip\.Qformer\.bert\.embeddings\.position_ids$/,
  /^ctx_embeddings_cache$/,
  /\.ctx_embeddings_cache$/,
  /^cond_stage_model\.transformer\.text_model\.embeddings\.position_ids$/,
  /^first_stage_model\.loss\./,
];

export const isKnownExtra = (key: string): boolean => KNOWN_EXTRAS.some((pattern) => pattern.test(key));

/**
 * For every parameter of a configuration, where a checkpoint of the authors' layout holds it.
 *
 * @throws DeadiffError `config_invalid` for a part that no such checkpoint has, as a linear encoder
 */
export function foreignKeys(c: DeadiffConfig): Map<string, ForeignKey> {
  const prefixes = [
    ...textPrefixes(c),
    ...BRANCHES.flatMap((branch) => imagePrefixes(c, branch)),
    ...uNetPrefixes(c),
    ...vaePrefixes(c),
  ];
  const byOurs = new Map<string, ForeignKey>();
  for (const { name } of listParams(deadiffSpec(c))) {
    const match = prefixes.find(([ours]) => name === ours || name.startsWith(`${ours}.`));
    if (match === undefined) throw new DeadiffError("config_invalid", `the configuration ${c.name} has ${name}, which no checkpoint of Stable Diffusion's layout holds`);
    const [ours, theirs, rows] = match;
    const leaf = name.slice(ours.length);
    // `in_proj_weight` and `in_proj_bias` are joined to their prefix by an underscore.
    const key = theirs.endsWith("_") ? theirs + leaf.slice(1) : theirs + leaf;
    byOurs.set(name, rows === undefined ? { key } : { key, rows });
  }
  return byOurs;
}

/** Our path, the foreign path of the same module, and the rows of a stacked tensor. */
type Prefix = readonly [ours: string, theirs: string, rows?: readonly [number, number]];

const rows = (width: number, i: number): readonly [number, number] => [i * width, (i + 1) * width];

function textPrefixes(c: DeadiffConfig): Prefix[] {
  const theirs = "cond_stage_model.transformer.text_model";
  return [
    ["text.tokens", `${theirs}.embeddings.token_embedding.weight`],
    ["text.positions", `${theirs}.embeddings.position_embedding.weight`],
    ["text.normFinal", `${theirs}.final_layer_norm`],
    ...Array.from({ length: c.text.layers }, (_, i): Prefix[] => {
      const [a, b] = [`text.blocks.${i}`, `${theirs}.encoder.layers.${i}`];
      return [
        [`${a}.norm1`, `${b}.layer_norm1`], [`${a}.norm2`, `${b}.layer_norm2`],
        [`${a}.attention.q`, `${b}.self_attn.q_proj`], [`${a}.attention.k`, `${b}.self_attn.k_proj`],
        [`${a}.attention.v`, `${b}.self_attn.v_proj`], [`${a}.attention.out`, `${b}.self_attn.out_proj`],
        [`${a}.mlp.up`, `${b}.mlp.fc1`], [`${a}.mlp.down`, `${b}.mlp.fc2`],
      ];
    }).flat(),
  ];
}

function imagePrefixes(c: DeadiffConfig, branch: Branch): Prefix[] {
  const ours = `image.${branch}`;
  const blip = `${branch}_blip`;
  const bert = `${blip}.Qformer.bert`;
  return [
    [`${ours}.vision.patches`, `${blip}.visual_encoder.conv1`],
    [`${ours}.vision.classToken`, `${blip}.visual_encoder.class_embedding`],
    [`${ours}.vision.positions`, `${blip}.visual_encoder.positional_embedding`],
    [`${ours}.vision.normPre`, `${blip}.visual_encoder.ln_pre`],
    ...Array.from({ length: c.vision.layers }, (_, i): Prefix[] => {
      const [a, b] = [`${ours}.vision.blocks.${i}`, `${blip}.visual_encoder.transformer.resblocks.${i}`];
      return [
        [`${a}.norm1`, `${b}.ln_1`], [`${a}.norm2`, `${b}.ln_2`],
        ...["q", "k", "v"].map((part, j): Prefix => [`${a}.attention.${part}`, `${b}.attn.in_proj_`, rows(c.vision.width, j)]),
        [`${a}.attention.out`, `${b}.attn.out_proj`], [`${a}.mlp.up`, `${b}.mlp.c_fc`], [`${a}.mlp.down`, `${b}.mlp.c_proj`],
      ];
    }).flat(),
    [`${ours}.qFormer.normImage`, `${blip}.ln_vision`],
    [`${ours}.qFormer.queries`, `${blip}.query_tokens`],
    [`${ours}.qFormer.words`, `${bert}.embeddings.word_embeddings.weight`],
    [`${ours}.qFormer.positions`, `${bert}.embeddings.position_embeddings.weight`],
    [`${ours}.qFormer.normEmbeddings`, `${bert}.embeddings.LayerNorm`],
    ...Array.from({ length: c.qFormer.layers }, (_, i): Prefix[] => {
      const [a, b] = [`${ours}.qFormer.layers.${i}`, `${bert}.encoder.layer.${i}`];
      const attention = (own: string, foreign: string): Prefix[] => [
        [`${a}.${own}.q`, `${b}.${foreign}.self.query`], [`${a}.${own}.k`, `${b}.${foreign}.self.key`], [`${a}.${own}.v`, `${b}.${foreign}.self.value`],
        [`${a}.${own}.out`, `${b}.${foreign}.output.dense`], [`${a}.${own}.norm`, `${b}.${foreign}.output.LayerNorm`],
      ];
      const feedForward = (own: string, suffix: string): Prefix[] => [
        [`${a}.${own}.up`, `${b}.intermediate${suffix}.dense`], [`${a}.${own}.down`, `${b}.output${suffix}.dense`], [`${a}.${own}.norm`, `${b}.output${suffix}.LayerNorm`],
      ];
      return [
        ...attention("selfAttention", "attention"), ...attention("crossAttention", "crossattention"),
        ...feedForward("feedForwardQuery", "_query"), ...feedForward("feedForwardText", ""),
      ];
    }).flat(),
    [`${ours}.projection.norm`, `${branch}_proj_layer.LayerNorm`],
    [`${ours}.projection.up`, `${branch}_proj_layer.dense1`],
    [`${ours}.projection.down`, `${branch}_proj_layer.dense2`],
  ];
}

/** LDM numbers blocks in running order: `input_blocks`, `middle_block`, `output_blocks`. */
function uNetPrefixes(c: DeadiffConfig): Prefix[] {
  const theirs = "model.diffusion_model";
  let layer = 0;
  const res = (a: string, b: string): Prefix[] => [
    [`${a}.norm1`, `${b}.in_layers.0`], [`${a}.conv1`, `${b}.in_layers.2`], [`${a}.time`, `${b}.emb_layers.1`],
    [`${a}.norm2`, `${b}.out_layers.0`], [`${a}.conv2`, `${b}.out_layers.3`], [`${a}.skip`, `${b}.skip_connection`],
  ];
  const transformer = (a: string, b: string): Prefix[] => {
    const block = `${b}.transformer_blocks.0`;
    const context = `context.${layer++}`;
    return [
      [`${a}.norm`, `${b}.norm`], [`${a}.projIn`, `${b}.proj_in`], [`${a}.projOut`, `${b}.proj_out`],
      [`${a}.norm1`, `${block}.norm1`], [`${a}.norm2`, `${block}.norm2`], [`${a}.norm3`, `${block}.norm3`],
      ...["q", "k", "v"].map((part): Prefix => [`${a}.selfAttention.${part}`, `${block}.attn1.to_${part}`]),
      [`${a}.selfAttention.out`, `${block}.attn1.to_out.0`],
      [`${a}.crossAttention.q`, `${block}.attn2.to_q`], [`${a}.crossAttention.out`, `${block}.attn2.to_out.0`],
      [`${a}.feedForward.up`, `${block}.ff.net.0.proj`], [`${a}.feedForward.down`, `${block}.ff.net.2`],
      [`${context}.textK`, `${block}.attn2.to_k`], [`${context}.textV`, `${block}.attn2.to_v`],
      [`${context}.imageK`, `${block}.attn2.i_to_k`], [`${context}.imageV`, `${block}.attn2.i_to_v`],
    ];
  };
  const { multipliers, attentionFactors, resBlocks } = c.unet;
  const last = multipliers.length - 1;
  const prefixes: Prefix[] = [
    ["unet.time.0", `${theirs}.time_embed.0`], ["unet.time.1", `${theirs}.time_embed.2`],
    ["unet.convIn", `${theirs}.input_blocks.0.0`], ["unet.normOut", `${theirs}.out.0`], ["unet.convOut", `${theirs}.out.2`],
  ];
  let input = 1;
  for (const level of multipliers.keys()) {
    for (let i = 0; i < resBlocks; i++, input++) {
      prefixes.push(...res(`unet.down.${level}.blocks.${i}.res`, `${theirs}.input_blocks.${input}.0`));
      if (attentionFactors.includes(2 ** level)) prefixes.push(...transformer(`unet.down.${level}.blocks.${i}.transformer`, `${theirs}.input_blocks.${input}.1`));
    }
    if (level < last) prefixes.push([`unet.down.${level}.downsample`, `${theirs}.input_blocks.${input++}.0.op`]);
  }
  prefixes.push(
    ...res("unet.middle.res1", `${theirs}.middle_block.0`),
    ...transformer("unet.middle.transformer", `${theirs}.middle_block.1`),
    ...res("unet.middle.res2", `${theirs}.middle_block.2`),
  );
  let output = 0;
  for (const up of multipliers.keys()) {
    const level = last - up;
    const attends = attentionFactors.includes(2 ** level);
    for (let i = 0; i <= resBlocks; i++, output++) {
      prefixes.push(...res(`unet.up.${up}.blocks.${i}.res`, `${theirs}.output_blocks.${output}.0`));
      if (attends) prefixes.push(...transformer(`unet.up.${up}.blocks.${i}.transformer`, `${theirs}.output_blocks.${output}.1`));
    }
    if (up < last) prefixes.push([`unet.up.${up}.upsample`, `${theirs}.output_blocks.${output - 1}.${attends ? 2 : 1}.conv`]);
  }
  return prefixes;
}

function vaePrefixes(c: DeadiffConfig): Prefix[] {
  const theirs = "first_stage_model";
  const last = c.vae.multipliers.length - 1;
  const res = (a: string, b: string): Prefix[] => [
    ...["norm1", "conv1", "norm2", "conv2"].map((part): Prefix => [`${a}.${part}`, `${b}.${part}`]),
    [`${a}.skip`, `${b}.nin_shortcut`],
  ];
  const middle = (a: string, b: string): Prefix[] => [
    ...res(`${a}.res1`, `${b}.block_1`), ...res(`${a}.res2`, `${b}.block_2`),
    ...["norm", "q", "k", "v"].map((part): Prefix => [`${a}.attention.${part}`, `${b}.attn_1.${part}`]),
    [`${a}.attention.out`, `${b}.attn_1.proj_out`],
  ];
  const encoder = "vae.encoder.network";
  const half = (a: string, b: string): Prefix[] => [
    [`${a}.convIn`, `${b}.conv_in`], [`${a}.normOut`, `${b}.norm_out`], [`${a}.convOut`, `${b}.conv_out`], ...middle(`${a}.middle`, `${b}.mid`),
  ];
  return [
    [`${encoder}.quant`, `${theirs}.quant_conv`], ["vae.decoder.postQuant", `${theirs}.post_quant_conv`],
    ...half(encoder, `${theirs}.encoder`), ...half("vae.decoder", `${theirs}.decoder`),
    ...c.vae.multipliers.flatMap((_, level): Prefix[] => {
      const [down, up] = [`${theirs}.encoder.down.${level}`, `${theirs}.decoder.up.${level}`];
      // The authors count the decoder's levels from the finest; ours run in order.
      const ours = `vae.decoder.up.${last - level}`;
      return [
        ...Array.from({ length: c.vae.resBlocks }, (__, i) => res(`${encoder}.down.${level}.blocks.${i}`, `${down}.block.${i}`)).flat(),
        [`${encoder}.down.${level}.downsample`, `${down}.downsample.conv`],
        ...Array.from({ length: c.vae.resBlocks + 1 }, (__, i) => res(`${ours}.blocks.${i}`, `${up}.block.${i}`)).flat(),
        [`${ours}.upsample`, `${up}.upsample.conv`],
      ];
    }),
  ];
}
