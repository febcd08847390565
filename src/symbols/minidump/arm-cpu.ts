/** Names of 32-bit ARM processors out of their main ID register (ARM DDI 0406, B4.1.105) and Linux' hwcaps. */

const VENDORS = new Map([
  [0x41, 'ARM'],
  [0x51, 'Qualcomm'],
  [0x56, 'Marvell'],
  [0x69, 'Intel/Marvell'],
]);
const PARTS = new Map([
  [0x4100c050, 'Cortex-A5'],
  [0x4100c080, 'Cortex-A8'],
  [0x4100c090, 'Cortex-A9'],
  [0x4100c0f0, 'Cortex-A15'],
  [0x4100c140, 'Cortex-R4'],
  [0x4100c150, 'Cortex-R5'],
  [0x4100b360, 'ARM1136'],
  [0x4100b560, 'ARM1156'],
  [0x4100b760, 'ARM1176'],
  [0x4100b020, 'ARM11-MPCore'],
  [0x41009260, 'ARM926'],
  [0x41009460, 'ARM946'],
  [0x41009660, 'ARM966'],
  [0x510006f0, 'Krait'],
  [0x510000f0, 'Scorpion'],
]);
/** In the order of their bits (Linux, asm/hwcap.h). */
const FEATURES =
  'swp half thumb 26bit fastmult fpa vfpv2 edsp java iwmmxt crunch thumbee neon vfpv3 vfpv3d16 tls vfpv4 idiva idivt'.split(
    ' ',
  );

export function readArmCpu(level: number, cpuid: number, hwcaps: number): string {
  let text = `ARMv${level}`;
  if (cpuid !== 0) {
    const vendor = cpuid >>> 24;
    const part = (cpuid & 0xff00fff0) >>> 0;
    text += ` ${VENDORS.get(vendor) ?? `vendor(0x${vendor.toString(16)})`}`;
    text += ` ${PARTS.get(part) ?? `part(0x${part.toString(16)})`}`;
  }
  const features = FEATURES.filter((_, bit) => (hwcaps & (1 << bit)) !== 0);
  return features.length > 0 ? `${text} features: ${features.join(',')}` : text;
}
