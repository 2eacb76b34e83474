# coda_room(NAME [DEPENDS lib...] [LIBS lib...] [TEST_LIBS lib...])
#
# One library per room, `coda_NAME`, from every .cpp beside the calling CMakeLists.txt, and one test program,
# `coda_NAME_test`, from every *_test.cpp there. DEPENDS are other rooms (without the prefix), public; LIBS are
# libraries from outside, private; TEST_LIBS are linked into the test program alone.
# Sub-folders are rooms of their own, unless named in SUBDIRS: those are compiled into this library.
function(coda_room name)
    cmake_parse_arguments(ARG "" "" "DEPENDS;LIBS;PUBLIC_LIBS;TEST_LIBS;SUBDIRS" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    foreach(sub ${ARG_SUBDIRS})
        file(GLOB more CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${sub}/*.cpp)
        list(APPEND sources ${more})
    endforeach()
    set(tests ${sources})
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")

    list(TRANSFORM ARG_DEPENDS PREPEND coda_)
    if(sources)
        add_library(coda_${name} STATIC ${sources})
        target_link_libraries(coda_${name} PUBLIC coda_flags ${ARG_DEPENDS} ${ARG_PUBLIC_LIBS} PRIVATE ${ARG_LIBS})
    else()
        add_library(coda_${name} INTERFACE)
        target_link_libraries(coda_${name} INTERFACE coda_flags ${ARG_DEPENDS} ${ARG_PUBLIC_LIBS})
    endif()

    if(CODA_TESTS AND tests)
        add_executable(coda_${name}_test ${tests})
        target_link_libraries(coda_${name}_test PRIVATE coda_${name} ${ARG_LIBS} ${ARG_TEST_LIBS} GTest::gtest
                                                        GTest::gtest_main)
        target_compile_definitions(coda_${name}_test PRIVATE CODA_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
        gtest_discover_tests(coda_${name}_test TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST
                             PROPERTIES TIMEOUT 900 LABELS ${name})
    endif()
endfunction()
