import type { ReplyTemplate } from './types.ts';

export const FR: ReplyTemplate = {
  greeting: 'Bonjour,',
  warning: "Merci de n'indiquer ni mot de passe, ni code, ni numéro de carte dans votre réponse.",
  closing: "Cordialement\nL'équipe d'assistance",
  paragraphs: {
    'auth/login': [
      'Merci de nous avoir écrit. Nous sommes désolés de ces difficultés de connexion.',
      `Pour examiner votre demande, il nous serait utile de savoir :
- l'adresse e-mail ou le nom d'utilisateur du compte,
- comment vous vous connectez, par exemple avec une adresse e-mail, une application d'authentification ou par votre entreprise,
- à quelle étape cela s'arrête, et le texte exact du message affiché,
- quand vous avez essayé pour la dernière fois, avec votre fuseau horaire, et dans quel navigateur ou quelle application.`,
    ],
    billing: [
      'Merci de nous avoir écrit au sujet de la facturation.',
      `Pour examiner votre demande, il nous serait utile de savoir :
- le numéro de la facture, ou la date et le montant du paiement,
- l'adresse e-mail du compte ou le nom de l'espace de travail,
- ce que vous attendiez à la place.`,
    ],
    bug: [
      'Merci pour ce signalement. Nous sommes désolés de la gêne occasionnée.',
      `Pour examiner votre demande, il nous serait utile de savoir :
- les étapes qui mènent au problème, et s'il se produit à chaque fois,
- ce que vous attendiez et ce que vous avez vu, avec le texte exact du message,
- quand il est apparu pour la première fois, avec votre fuseau horaire,
- votre appareil, et le navigateur ou l'application avec sa version.`,
      "Une capture d'écran aide souvent, si elle ne montre rien de confidentiel.",
    ],
    feature_request: [
      "Merci d'avoir pris le temps de nous faire cette suggestion.",
      `Pour bien la comprendre, il nous serait utile de savoir :
- ce que vous souhaitez accomplir,
- comment vous procédez aujourd'hui,
- à quelle fréquence et pour combien de personnes vous en avez besoin.`,
    ],
    account: [
      'Merci de nous avoir écrit au sujet de votre compte.',
      `Pour examiner votre demande, il nous serait utile de savoir :
- l'adresse e-mail du compte ou le nom de l'espace de travail,
- ce que vous souhaitez exactement modifier, exporter ou supprimer,
- votre rôle dans l'espace de travail, si d'autres l'utilisent aussi.`,
      "Si possible, écrivez-nous depuis l'adresse e-mail associée au compte.",
    ],
    other: [
      'Merci pour votre message.',
      `Si vous attendez quelque chose de notre part, il nous serait utile de savoir :
- de quoi il s'agit, en une ou deux phrases,
- l'adresse e-mail de votre compte, si vous en avez un.`,
    ],
  },
};
