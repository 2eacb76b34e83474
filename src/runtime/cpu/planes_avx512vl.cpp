// The twin of planes_avxvnni.cpp in the encoding of AVX-512 VL, so that its code runs on machines that have
// AVX-512 and not AVX-VNNI. Never chosen by itself.
#include "runtime/cpu/kernels.h"

#include <immintrin.h>

#define CODA_DPBUSD _mm256_dpbusd_epi32

namespace coda::runtime::cpu {
namespace {

#include "runtime/cpu/planes_vnni256_body.h"

}  // namespace

const PlaneKernels& avx512vl_planes() {
    return kTable;
}

}  // namespace coda::runtime::cpu
