// AVX-VNNI: vpdpbusd in the encoding of AVX2, on processors without AVX-512.
#include "runtime/cpu/kernels.h"

#include <immintrin.h>

#define CODA_DPBUSD _mm256_dpbusd_avx_epi32

namespace coda::runtime::cpu {
namespace {

#include "runtime/cpu/planes_vnni256_body.h"

}  // namespace

const PlaneKernels& avxvnni_planes() {
    return kTable;
}

}  // namespace coda::runtime::cpu
