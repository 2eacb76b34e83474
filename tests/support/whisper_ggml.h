// Writes a Whisper of CTranslate2's format as whisper.cpp's ggml file, for tests: the same weights under the
// other names and in the other layout. Thread safety: free function.
#pragma once

#include "base/result.h"
#include "runtime/tensor.h"

#include <filesystem>
#include <string>

namespace coda::test {

// The bytes of the file. Matrices become `matrices` (f16, f32, or a block format as whisper.cpp's quantize
// writes it); convolutions stay f16 or become f32 beside f32 matrices; vectors and positions are f32.
Result<std::string> whisper_ggml(const std::filesystem::path& ctranslate2_folder, runtime::DType matrices);

}  // namespace coda::test
