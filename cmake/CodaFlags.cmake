# Flags that every target of the project gets. The baseline instruction set is x86-64-v2; kernels that need
# more are compiled file by file (see src/runtime/cpu/CMakeLists.txt) and picked at run time.
add_library(coda_flags INTERFACE)
target_compile_options(coda_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Werror)
# GCC 12 and 13 report these for code in libstdc++ and fmt that is right.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(coda_flags INTERFACE -Wno-error=maybe-uninitialized -Wno-error=array-bounds
                                                -Wno-error=stringop-overflow -Wno-restrict
                                                -Wno-dangling-reference)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(coda_flags INTERFACE -march=x86-64-v2)
endif()
target_include_directories(coda_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)

if(CODA_SANITIZE)
    add_compile_options(-fsanitize=${CODA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${CODA_SANITIZE})
endif()
if(CODA_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=address,undefined)
endif()
