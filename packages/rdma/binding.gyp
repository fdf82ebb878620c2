# The native addon. Linux only in this version; elsewhere scripts/build.mjs does not come this far.
# libfabric is 1 where its headers are found (scripts/build.mjs looks); the library itself is looked for at run time.
# `node scripts/build.mjs --strict` makes warnings errors; users' compilers are newer than ours, so theirs do not.
{
  'variables': { 'strict%': 0, 'sanitize%': '', 'libfabric%': 0 },
  'targets': [
    {
      'target_name': 'bowecho',
      'sources': [
        'native/addon.cc',
        'native/doorbell.cc',
        'native/fd-watch.cc',
        'native/lent-memory.cc',
        'native/peer-process.cc',
        'native/push-list.cc',
        'native/push-table.cc',
        'native/region.cc',
        'native/remote-region.cc',
        'native/shared-memory.cc',
      ],
      'defines': ['NAPI_VERSION=8', 'NAPI_CPP_EXCEPTIONS'],
      'cflags!': ['-O3', '-fno-exceptions'],
      'cflags_cc!': ['-O3', '-fno-exceptions', '-fno-rtti', '-std=gnu++17', '-std=gnu++20'],
      'include_dirs': ['native', '<!(node -p "require(\'node-addon-api\').include_dir")'],
      'cflags_cc': ['-std=c++17', '-O2', '-fexceptions', '-fvisibility=hidden', '-Wall', '-Wextra'],
      'conditions': [
        ['libfabric==1', {
          'defines': ['BOWECHO_LIBFABRIC'],
          'sources': [
            'native/libfabric/endpoint.cc',
            'native/libfabric/hints.cc',
            'native/libfabric/library.cc',
            'native/libfabric/open-endpoint.cc',
            'native/libfabric/providers.cc',
            'native/libfabric/registered-memory.cc',
            'native/libfabric/registration.cc',
            'native/libfabric/remote-endpoint.cc',
            'native/libfabric/staging.cc',
          ],
        }],
        ['strict==1', { 'cflags_cc': ['-Werror'] }],
        # Without vptr: that check opens a pipe, and the tests look at what happens when no descriptor is left.
        ['sanitize!=""', {
          'cflags_cc': [
            '-fsanitize=<(sanitize)', '-fno-sanitize=vptr', '-fno-sanitize-recover=undefined',
            '-fno-omit-frame-pointer', '-g',
          ],
          'ldflags': ['-fsanitize=<(sanitize)'],
        }],
      ],
    },
  ],
}
