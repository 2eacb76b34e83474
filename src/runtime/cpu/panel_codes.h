// Quantized weights in panels: the codes of 16 rows side by side, as products of bytes read them.
//
// A panel is a row of superblocks of 256 columns (K-quants, iq4_xs) or of blocks of 32. All per row of the
// panel, 16 rows beside one another:
//
//   superblock  f16 d, then f16 m (q2_k, q4_k, q5_k); then 8 blocks
//   block       q4_1, q5_1                   f16 d, f16 m
//               q4_0, q5_0, q8_0, iq4_nl     f16 d
//               mxfp4                        bf16 d
//               q4_k, q5_k                   u8 scale of d, u8 scale of -m
//               q3_k, q6_k                   i8 scale of d for columns 0 to 15, then for 16 to 31
//               q2_k                         the same as two halves of a byte: scale of d, scale of -m
//               iq4_xs                       i8 scale of d
//               then the codes
//   codes       vector j holds columns 4 j to 4 j + 3: four bytes of row 0, four of row 1 ... of 16. Eight
//   vectors
//               of 8-bit codes; of 4-bit codes four, each of two vectors (low halves the first); of 2-bit
//               codes two, each of four; of one bit one, bit j of each byte vector j. 5 bits are 4 and then
//               1, 6 bits 4 and 2, 3 bits 2 and 1, upper bits last.
//
// Codes are unsigned: q8_0 has 128 added, the others are as in their file, iq4 and mxfp4 indices into their
// tables. Thread safety: pure functions.
#pragma once

#include "runtime/cpu/kernels.h"

#include <cstddef>

namespace coda::runtime::cpu {

constexpr bool is_coded(PanelType type) {
    return type >= PanelType::q8_0;
}

// Bytes of a panel of k columns, which are whole blocks of the type.
size_t coded_panel_bytes(PanelType type, int k);
// What the kernels read a 32nd of (or more) at a time: columns of a block or superblock, its bytes in the
// file.
int coded_block_columns(PanelType type);
int coded_block_file_bytes(PanelType type);

// Writes row `lane` of a panel from a row of a GGUF tensor.
void place_codes(PanelType type, const std::byte* row, int k, int lane, std::byte* panel);

// Columns [first, first + count) of a panel as count x 16 floats; both multiples of 32.
void unpack_codes(PanelType type, const std::byte* panel, int first, int count, float* out);

}  // namespace coda::runtime::cpu
