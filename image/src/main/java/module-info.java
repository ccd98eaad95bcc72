/**
 * Reads module files: their facts, their signature, their compression.
 *
 * <p>docs/reference/api.md says which parts are stable.
 */
@SuppressWarnings("requires-automatic") // aircompressor has no module-info
module org.kmodwatch.image {
  requires aircompressor;
  requires org.bouncycastle.provider;
  requires static transitive org.jspecify;
  requires org.kmodwatch.core;
  requires org.tukaani.xz;

  exports org.kmodwatch.image;
}
